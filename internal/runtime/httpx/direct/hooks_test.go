package direct

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync"
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
			d.GotConn = func(ctx context.Context, info httptrace.GotConnInfo, instead bool) error {
				if ctx.Value(mark{}) != "ours" {
					t.Error("not the request's context")
				}
				reused = append(reused, info.Reused)
				if instead {
					t.Error("in place of a connection that was good")
				}
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

// However many idle connections have ended, a request finds one that has not,
// or makes one; and of those that it only looked at, the hook can tell.
func TestIdleConnectionsEnded(t *testing.T) {
	const idle = 5
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			var answer, leave sync.WaitGroup
			answer.Add(idle)
			leave.Add(1)
			srv := serve(t, way.secure, func(s *session) {
				s.request()
				if s.n <= idle {
					answer.Done()
					answer.Wait() // so that there are as many connections
				}
				s.send(okAnswer)
				if s.n > 1 && s.n <= idle {
					leave.Wait()
					return
				}
				each(okAnswer)(s)
			})
			var written int // requests, as the hook counts them
			cl := clients(t, func(d *Transport, _ *http.Transport) {
				var mu sync.Mutex
				d.GotConn = func(_ context.Context, _ httptrace.GotConnInfo, instead bool) error {
					mu.Lock()
					defer mu.Unlock()
					if !instead {
						written++
					}
					return nil
				}
			})[0]
			get := func() error {
				req := request(t, "GET", srv.url, nil)
				if way.plain {
					req.Header.Set("User-Agent", "test")
				}
				return exchangeError(cl.rt, req)
			}
			var all sync.WaitGroup
			for range idle {
				all.Go(func() {
					if err := get(); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			leave.Done()
			time.Sleep(settle)
			for range 2 {
				if err := get(); err != nil {
					t.Error(err)
				}
			}
			if n := cl.dials.Load(); n != idle || written != idle+2 {
				t.Errorf("%d connections and %d requests, want %d and %d", n, written, idle, idle+2)
			}
		})
	}
}
