package httpx

import (
	"net/http"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
	"github.com/specify-cli/specify/internal/task"
)

// slowSink takes its time where no request is on the wire.
type slowSink struct{ discard }

func (slowSink) Rewind(int64) error {
	time.Sleep(50 * time.Millisecond)
	return nil
}

// Whatever the time of a task is spent on, it is in one of the parts.
func TestTimingLeavesNothingOut(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		w := &world{answer: func(req *http.Request, nth int) answer {
			if nth == 1 {
				return answer{status: 503, after: 10 * time.Millisecond}
			}
			return ok(req, nth)
		}}
		o := defaults()
		o.sink = slowSink{}
		o.client.Retry.Jitter = asynccore.JitterNone
		o.client.Span = func(next http.RoundTripper) http.RoundTripper { return slowSpan{next} }
		r := run(t, o, w, "http://h.test/")[0]
		want := task.Timing{
			Backoff: 1050 * time.Millisecond, DNS: task.Unknown, TLS: task.Unknown,
			Connect: 51 * time.Millisecond, FirstByte: task.Unknown, Transfer: 0,
		}
		if r.Timing != want || r.Duration != 1101*time.Millisecond {
			t.Errorf("%v in %+v", r.Duration, r.Timing)
		}
		checkTiming(t, &r)
	})
}

// slowSpan takes its time around the request, as a collector that is behind may.
type slowSpan struct{ next http.RoundTripper }

func (s slowSpan) RoundTrip(req *http.Request) (*http.Response, error) {
	time.Sleep(20 * time.Millisecond)
	return s.next.RoundTrip(req)
}
