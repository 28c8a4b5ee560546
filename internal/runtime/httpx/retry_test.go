package httpx

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
	"github.com/specify-cli/specify/internal/task"
)

// No attempt but the first begins after --retry-max-time, and no task waits
// beyond it for the right to make one: not for the breaker either.
func TestRetryMaxTimeEndsWaits(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		w := &world{answer: func(*http.Request, int) answer { return answer{status: 503, after: time.Millisecond} }}
		o := defaults()
		o.client.Retry.MaxTime = 10 * time.Second
		o.client.Retry.Max = 100
		o.client.Retry.Jitter = asynccore.JitterNone
		records := run(t, o, w, repeat(6, "http://h.test/%d")...)
		for i := range records {
			r := &records[i]
			// Some end sooner: their next pause would not fit.
			if r.Duration > 10*time.Second || r.Error == nil || r.Error.Type != "503" {
				t.Errorf("task %d: %v after %v", i, r.Error, r.Duration)
			}
			checkTiming(t, r)
		}
		for _, at := range w.times("") {
			if at >= 10*time.Second {
				t.Errorf("a request at %v", at)
			}
		}
	})
}

// A wait, however long, is no part of an attempt's time limit, and holds no
// slot: with one job another origin goes on meanwhile.
func TestWaitsAreNoAttempts(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		var once atomic.Bool
		w := &world{answer: func(req *http.Request, nth int) answer {
			if req.URL.Host == "busy.test" && once.CompareAndSwap(false, true) {
				return answer{status: 429, header: http.Header{"Retry-After": {"60"}}, after: 500 * time.Millisecond}
			}
			return answer{status: 200, after: 500 * time.Millisecond}
		}}
		o := defaults()
		o.jobs, o.client.MaxTime = 1, time.Second
		records := run(t, o, w, append(repeat(2, "http://busy.test/%d"), repeat(20, "http://calm.test/%d")...)...)
		if n := count(records, task.OK); n != 22 {
			t.Errorf("%d of 22 ok", n)
		}
		if calm := w.times("http://calm.test/"); calm[19] > 15*time.Second {
			t.Errorf("the calm origin's last request came at %v", calm[19])
		}
	})
}

// All timeouts halve the limit of an origin, that of connecting too.
func TestTimeoutsCutTheLimit(t *testing.T) {
	for _, kind := range []task.ErrorType{task.ErrTimeoutConnect, task.ErrTimeoutRead, task.ErrTimeoutTotal} {
		bubble.Test(t, func(t *testing.T) {
			w := &world{answer: func(req *http.Request, nth int) answer {
				if nth == 1 {
					return answer{err: &TimeoutError{kind, time.Second}, after: time.Second}
				}
				return ok(req, nth)
			}}
			o := defaults()
			o.gate.PerHost, o.gate.Failures = 8, 0
			o.client.Retry.Jitter = asynccore.JitterNone
			var gate *Gate
			o.made = func(g *Gate) { gate = g }
			run(t, o, w, "http://h.test/")
			if got := gate.origins["http://h.test:80"].limit; got != 4.25 { // halved once, and one success since
				t.Errorf("%s: limit %v", kind, got)
			}
		})
	}
}

// An origin that somebody waits for is not forgotten.
func TestForgetKeepsWhatIsWaitedFor(t *testing.T) {
	g := NewGate(defaults().gate)
	now := time.Now()
	for key, change := range map[string]func(*origin){
		"idle":      func(*origin) {},
		"inflight":  func(o *origin) { o.inflight++ },
		"retries":   func(o *origin) { o.retries++ },
		"returning": func(o *origin) { o.returning++ },
		"arriving":  func(o *origin) { o.arriving++ },
		"probing":   func(o *origin) { o.probing++ },
		"failures":  func(o *origin) { o.failures++ },
		"lost":      func(o *origin) { o.lost = true },
		"paused":    func(o *origin) { o.pausedUntil = now.Add(time.Hour) },
	} {
		change(g.origin(key, now))
	}
	g.forget(now)
	if g.origins["idle"] != nil || len(g.origins) != 8 {
		t.Errorf("%d origins are left", len(g.origins))
	}
}
