package asynccore_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
)

// Jobs of a burst share a reading of the clock; those submitted later have
// their own time, and the next burst has another reading.
func TestRunnerBurst(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		const burst = 200
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		var l trace
		mustGo(t, r, asynccore.Job{}, l.busy("first", 20*time.Second))
		synctest.Wait()
		flood := func(name string) {
			for i := range burst {
				fn := func(context.Context) {}
				if i == 0 || i == burst-1 {
					fn = l.busy(name, 0)
				}
				mustGo(t, r, asynccore.Job{}, fn) // 5 s of slack
			}
		}
		critical := func(name string) { // none
			mustGo(t, r, asynccore.Job{Priority: asynccore.PriorityCritical}, l.busy(name, 0))
		}
		flood("flood at 0 s")
		time.Sleep(5*time.Second - 2*time.Millisecond)
		critical("before the flood")
		time.Sleep(4 * time.Millisecond)
		critical("after the flood")
		flood("flood at 5 s")
		time.Sleep(5*time.Second - 4*time.Millisecond)
		critical("before the second flood")
		time.Sleep(10 * time.Millisecond)
		critical("after the second flood")
		mustClose(t, r)
		l.want(t, "first", "before the flood", "flood at 0 s", "flood at 0 s", "after the flood",
			"before the second flood", "flood at 5 s", "flood at 5 s", "after the second flood")
	})
}

// Close does not wait for the end of a burst.
func TestRunnerBurstClose(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		start := time.Now()
		for range 200 {
			mustGo(t, r, asynccore.Job{}, func(context.Context) {})
		}
		mustClose(t, r)
		if took := time.Since(start); took != 0 {
			t.Errorf("Close took %v", took)
		}
	})
}
