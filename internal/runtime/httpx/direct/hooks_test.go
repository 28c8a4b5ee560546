package direct

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"slices"
	"testing"
	"time"
)

// The hooks of a Transport are told of each connection, and a request that is
// refused costs it: nothing was written.
func TestHooks(t *testing.T) {
	for _, secure := range []bool{false, true} {
		srv := serve(t, secure, each(okAnswer))
		enough := errors.New("enough")
		var reused []bool
		handshakes, refuse := 0, false
		cl := clients(t, func(d *Transport, _ *http.Transport) {
			d.GotConn = func(ctx context.Context, info httptrace.GotConnInfo) error {
				if ctx.Value(mark{}) != "ours" {
					t.Error("not the request's context")
				}
				reused = append(reused, info.Reused)
				if refuse {
					return enough
				}
				return nil
			}
			d.TLSHandshake = func(ctx context.Context, took time.Duration) {
				if ctx.Value(mark{}) != "ours" || took <= 0 {
					t.Errorf("took %v in %v", took, ctx)
				}
				handshakes++
			}
		})[0]
		for i, want := range []error{nil, nil, enough, nil} {
			refuse = want != nil
			req := request(t, "GET", srv.url, nil)
			if err := exchangeError(cl.rt, req.WithContext(context.WithValue(req.Context(), mark{}, "ours"))); err != want {
				t.Errorf("request %d: %v, want %v", i, err, want)
			}
		}
		wantShakes := 0
		if secure {
			wantShakes = 2
		}
		if want := []bool{false, true, true, false}; !slices.Equal(reused, want) || handshakes != wantShakes {
			t.Errorf("reused %v and %d handshakes, want %v and %d", reused, handshakes, want, wantShakes)
		}
	}
}

type mark struct{}
