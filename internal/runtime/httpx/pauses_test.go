package httpx

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/bubble"
)

// A pause and an open breaker are told of until they end, and cost nothing
// afterwards; an origin that was given up is not waited for.
func TestPauses(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		g := NewGate(GateConfig{Failures: 1, Cooldown: time.Second, Successes: 1})
		began := time.Now()
		want := func(p Pauses) {
			t.Helper()
			if diff := cmp.Diff(p, g.Pauses(time.Now())); diff != "" {
				t.Errorf("after %v: -want +got\n%s", time.Since(began), diff)
			}
		}
		request := func(key string) *request {
			t.Helper()
			r, err := g.enter(key, true, new(lastFailure), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return &r
		}
		want(Pauses{})
		a := request("http://a:80")
		a.pause(began.Add(3 * time.Second))
		a.settle(throttled, time.Now())
		want(Pauses{1, "http://a:80", began.Add(3 * time.Second)})
		request("http://b:80").settle(failure, time.Now()) // opens its breaker for a second
		want(Pauses{2, "http://a:80", began.Add(3 * time.Second)})
		time.Sleep(1500 * time.Millisecond)
		want(Pauses{1, "http://a:80", began.Add(3 * time.Second)})
		request("http://b:80").settle(failure, time.Now()) // a round failed after a full cooldown: given up
		want(Pauses{1, "http://a:80", began.Add(3 * time.Second)})
		time.Sleep(1500 * time.Millisecond)
		want(Pauses{})
		if len(g.resting) != 0 {
			t.Errorf("%d origins are still noted", len(g.resting))
		}
	})
}
