package httpx

import (
	"net/http"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
	"github.com/specify-cli/specify/internal/task"
)

// An origin under suspicion keeps new tasks out until a retry has told. Where
// the new ones are more urgent than the retries they stand before them in the
// lane, and must not keep them out in turn.
func TestUrgentTasksBehindLowRetries(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		w := &world{answer: func(req *http.Request, nth int) answer {
			switch {
			case nth == 1 && len(req.URL.Path) > len("/5"): // the urgent ones
				return answer{status: 500, after: 100 * time.Millisecond}
			case nth == 1:
				return answer{status: 503, header: http.Header{"Retry-After": {"1"}}, after: 100 * time.Millisecond}
			}
			return ok(req, nth)
		}}
		o := defaults()
		o.class = func(seq int) asynccore.Priority {
			if seq < 6 {
				return asynccore.PriorityBackground
			}
			if seq == 6 {
				time.Sleep(10 * time.Millisecond) // the first ones are on the wire
			}
			return asynccore.PriorityCritical
		}
		urls := append(repeat(6, "http://h.test/%d"), repeat(54, "http://h.test/urgent%d")...)
		records := run(t, o, w, urls...)
		if n := count(records, task.OK); n != 60 {
			t.Errorf("%d of 60 ok", n)
		}
		t.Logf("%d requests in %v", len(w.log), time.Since(w.start))
		if took := time.Since(w.start); took > 15*time.Second || len(w.log) != 120 {
			t.Errorf("%d requests in %v", len(w.log), took)
		}
	})
}

// A lane that was told to wait for the next guess is asked again as soon as an
// answer ends the suspicion, and not when the guess would have been due.
func TestSuspicionThatEndsWakesTheLane(t *testing.T) {
	const key = "http://h:80"
	g, woken := NewGate(GateConfig{PerHost: 20, Failures: 5, Cooldown: time.Minute, Successes: 2, Retries: true}), 0
	g.Bind(func(string) { woken++ })
	request := func(v verdict) {
		t.Helper()
		r, err := g.enter(key, false, new(lastFailure), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		r.settle(v, time.Now())
	}
	for range 5 {
		g.retrying(key, +1)
		request(failure)
	}
	g.standing(key, true, +1)
	now := time.Now()
	if a := g.Admit(key, true, now); !a.OK {
		t.Fatalf("a retry under suspicion: %+v", a)
	}
	if a := g.Admit(key, false, now); a.OK || a.Until.IsZero() {
		t.Fatalf("a new task under suspicion: %+v", a)
	}
	if request(success); woken != 1 {
		t.Errorf("woken %d times", woken)
	}
	if a := g.Admit(key, false, now); !a.OK {
		t.Errorf("a new task afterwards: %+v", a)
	}
	if request(success); woken != 1 {
		t.Errorf("woken %d times, without need", woken)
	}
}
