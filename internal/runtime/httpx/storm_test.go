package httpx

import (
	"net/http"
	"net/http/httptrace"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
	"github.com/specify-cli/specify/internal/task"
)

// givingBack is a transport that asks for connection after connection, as
// http.Transport does for a server that gives a request back, until one
// takes it.
type givingBack struct {
	world *world
	taken func(sent int) bool
	sent  int
}

func (g *givingBack) RoundTrip(req *http.Request) (*http.Response, error) {
	for {
		httptrace.ContextClientTrace(req.Context()).GotConn(httptrace.GotConnInfo{})
		if err := req.Context().Err(); err != nil {
			return nil, err
		}
		g.sent++
		if g.taken(g.sent) {
			return g.world.RoundTrip(req)
		}
	}
}

// A server that gives requests back sees one more of a task than it has
// attempts; and each attempt is one: those after the storm reach the server.
func TestStorm(t *testing.T) {
	for _, c := range []struct {
		name         string
		calmAfter    int // requests
		sent         int
		wantAttempts int
		want         task.Outcome
	}{
		{"never calm", 1000, 5, 4, task.Failed},
		{"calm at once", 0, 1, 1, task.OK},
		{"gives one back", 1, 2, 1, task.OK},
		{"calm at the second attempt", 2, 3, 2, task.OK},
		{"calm at the last", 4, 5, 4, task.OK},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				w := &world{answer: ok}
				back := &givingBack{world: w, taken: func(sent int) bool { return sent > c.calmAfter }}
				o := defaults()
				o.client.Retry.Jitter = asynccore.JitterNone
				o.base = back
				r := run(t, o, w, "http://h.test/")[0]
				if r.Outcome != c.want || r.Attempts != c.wantAttempts || back.sent != c.sent {
					t.Errorf("%s after %d attempts and %d requests, want %s after %d and %d: %v",
						r.Outcome, r.Attempts, back.sent, c.want, c.wantAttempts, c.sent, r.Error)
				}
				if c.want == task.Failed && (r.Error.Type != task.ErrReset || r.Duration > 10*time.Second) {
					t.Errorf("%v in %v", r.Error, r.Duration)
				}
			})
		})
	}
}
