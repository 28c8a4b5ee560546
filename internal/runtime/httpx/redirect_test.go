package httpx

import (
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/bubble"
	"github.com/specify-cli/specify/internal/task"
)

// led returns a world in which every URL of a.test redirects to b.test, which
// answers as b says.
func led(b func(req *http.Request, nth int) answer) *world {
	return &world{answer: func(req *http.Request, nth int) answer {
		if req.URL.Host == "a.test" {
			to := http.Header{"Location": {"http://b.test" + req.URL.Path}}
			return answer{status: 302, header: to, after: time.Millisecond}
		}
		return b(req, nth)
	}}
}

// The breaker of an origin that redirects lead to opens as soon as that of any
// other: the retries that tell of an outage are counted where attempts failed.
func TestRedirectsToADeadOrigin(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		w := led(func(*http.Request, int) answer {
			return answer{err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
		})
		o := defaults()
		o.gate.Cooldown = 4 * time.Second
		records := run(t, o, w, repeat(1000, "http://a.test/%d")...)
		if n := count(records, task.Failed); n != 1000 {
			t.Errorf("%d of 1000 failed", n)
		}
		dead := len(w.times("http://b.test/"))
		t.Logf("%d requests at the dead origin, %d at the one that leads there, %v", dead, len(w.times("http://a.test/")), time.Since(w.start))
		if dead > 40 {
			t.Errorf("%d requests at the dead origin", dead)
		}
		if took := time.Since(w.start); took > 20*time.Second {
			t.Errorf("took %v", took)
		}
		for i := range records {
			checkTiming(t, &records[i])
		}
	})
}

// It is the origin that asked which is named when its pause is too long.
func TestRedirectToALongPause(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		w := led(func(*http.Request, int) answer {
			return answer{status: 429, header: http.Header{"Retry-After": {"86400"}}}
		})
		for _, r := range run(t, defaults(), w, repeat(20, "http://a.test/%d")...) {
			if r.Error == nil || r.Error.Type != task.ErrRetryAfter || !strings.HasPrefix(r.Error.Message, "http://b.test:80 asked") {
				t.Errorf("%+v", r.Error)
			}
		}
	})
}
