package contest

import (
	"sync/atomic"
	"testing"
)

// Each way does all of its work, also a small one: what is not done would look
// fast.
func TestCases(t *testing.T) {
	for _, c := range Cases(Size{Jobs: 3000, Items: 10_000, Slow: 200}) {
		t.Run(c.Name, func(t *testing.T) {
			if _, err := c.Ours(); err != nil {
				t.Errorf("ours: %v", err)
			}
			for _, r := range c.Rivals {
				if _, err := r.Way(); err != nil {
					t.Errorf("%s: %v", r.Name, err)
				}
			}
		})
	}
}

func TestSubmittersRunEveryJob(t *testing.T) {
	for name, submit := range map[string]submitter{
		"ours": submitOurs, "pond": submitPond, "errgroup": submitErrgroup, "conc": submitConc, "ants": submitAnts,
		"slow ours": slowOurs, "slow errgroup": slowErrgroup,
	} {
		t.Run(name, func(t *testing.T) {
			var ran atomic.Int64
			if err := submit(5000, func() { ran.Add(1) }); err != nil || ran.Load() != 5000 {
				t.Errorf("%d of 5000 jobs ran, %v", ran.Load(), err)
			}
		})
	}
}
