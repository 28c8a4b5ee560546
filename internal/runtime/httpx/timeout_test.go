package httpx

import (
	"net/http"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
	"github.com/specify-cli/specify/internal/task"
)

// shut lets nobody start at an origin any more.
func shut(g *Gate, key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.origin(key, time.Now()).limit = 0
}

// A task's own timeout ends it at that time, whatever it is doing then.
func TestTaskTimeout(t *testing.T) {
	const limit = 5 * time.Second
	unavailable := answer{status: 503, after: 100 * time.Millisecond}
	for _, c := range []struct {
		name     string
		answer   func(*http.Request, int) answer
		change   func(*options)
		want     task.ErrorType
		took     time.Duration
		attempts int
	}{
		{name: "in an attempt", want: task.ErrTimeoutTotal, took: limit, attempts: 1,
			answer: func(*http.Request, int) answer { return answer{status: 200, after: time.Hour} }},
		{name: "in the second attempt", want: task.ErrTimeoutTotal, took: limit, attempts: 2,
			answer: func(_ *http.Request, nth int) answer {
				if nth == 1 {
					return unavailable
				}
				return answer{status: 200, after: time.Hour}
			}},
		{name: "a backoff that does not fit is not begun", want: "503", took: 3300 * time.Millisecond, attempts: 3,
			answer: func(*http.Request, int) answer { return unavailable }},
		{name: "a Retry-After that does not fit", want: task.ErrRetryAfter, took: 100 * time.Millisecond, attempts: 1,
			answer: func(*http.Request, int) answer {
				return answer{status: 503, header: http.Header{"Retry-After": {"5"}}, after: 100 * time.Millisecond}
			}},
		{name: "in the lane", want: task.ErrTimeoutTotal, took: limit, attempts: 1,
			answer: func(*http.Request, int) answer { return unavailable },
			change: func(o *options) {
				o.made = func(g *Gate) {
					time.AfterFunc(500*time.Millisecond, func() { shut(g, "http://h.test:80") })
				}
			}},
		{name: "waiting for a redirect's target", want: task.ErrTimeoutTotal, took: limit, attempts: 1,
			answer: func(*http.Request, int) answer {
				return answer{status: 302, header: http.Header{"Location": {"http://other.test/"}}, after: time.Millisecond}
			},
			change: func(o *options) { o.made = func(g *Gate) { shut(g, "http://other.test:80") } }},
		{name: "without --retry-max-time", want: task.ErrTimeoutTotal, took: limit, attempts: 1,
			answer: func(*http.Request, int) answer { return answer{status: 200, after: time.Hour} },
			change: func(o *options) { o.client.Retry.MaxTime = 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				o := defaults()
				o.client.Retry.Jitter = asynccore.JitterNone
				o.timeout = limit
				if c.change != nil {
					c.change(&o)
				}
				r := run(t, o, &world{answer: c.answer}, "http://h.test/")[0]
				if r.Error == nil || r.Error.Type != c.want || r.Duration != c.took || r.Attempts != c.attempts {
					t.Errorf("%v after %v and %d attempts, want %s after %v and %d", r.Error, r.Duration, r.Attempts, c.want, c.took, c.attempts)
				}
				checkTiming(t, &r)
			})
		})
	}
}

// An origin that lets tasks run into their own timeouts is down like any other;
// one that had hardly any time is not to blame.
func TestTaskTimeoutsCount(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		w := &world{answer: func(*http.Request, int) answer { return answer{status: 200, after: time.Hour} }}
		o := defaults()
		o.timeout = time.Second
		o.gate.Cooldown = 2 * time.Second
		o.gate.Retries, o.client.Retry.Max = false, 0
		run(t, o, w, repeat(1000, "http://h.test/%d")...)
		if len(w.log) > 20 {
			t.Errorf("%d requests to an origin that hangs", len(w.log))
		}
	})
	bubble.Test(t, func(t *testing.T) {
		w := &world{answer: func(_ *http.Request, nth int) answer {
			if nth == 1 {
				return answer{status: 408, after: 9 * time.Second}
			}
			return answer{status: 200, after: 2 * time.Second}
		}}
		o := defaults()
		o.timeout = 10 * time.Second
		o.client.Retry.Base = 0
		o.gate.Hooks.Breaker = func(e BreakerEvent) { t.Errorf("%+v", e) }
		for _, r := range run(t, o, w, repeat(20, "http://h.test/%d")...) {
			if r.Error == nil || r.Error.Type != task.ErrTimeoutTotal {
				t.Errorf("%v", r.Error)
			}
		}
	})
}
