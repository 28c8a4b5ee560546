package direct

import (
	"io"
	"net/http"
	"sync"
	"testing"
)

func TestBodyAfterClose(t *testing.T) {
	srv := serve(t, false, each(okAnswer))
	cl := clients(t, nil)[0]
	for _, whole := range []bool{false, true} {
		resp, err := cl.rt.RoundTrip(request(t, "GET", srv.url, nil))
		if err != nil {
			t.Fatal(err)
		}
		if whole {
			if _, err := io.ReadAll(resp.Body); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
			if _, err := resp.Body.Read(make([]byte, 1)); err != http.ErrBodyReadAfterClose {
				t.Errorf("read after close: %v", err)
			}
		}
	}
}

// TestCloseInterruptsRead closes bodies under a blocked Read.
func TestCloseInterruptsRead(t *testing.T) {
	for _, secure := range []bool{false, true} {
		cl := clients(t, func(d *Transport, _ *http.Transport) { d.ReadTimeout = 0 })[0]
		srv := serve(t, secure, func(s *session) {
			s.request()
			s.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
			s.hang()
		})
		resp, err := cl.rt.RoundTrip(request(t, "GET", srv.url, nil))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(resp.Body, make([]byte, 3)); err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { // done is received below
			_, err := resp.Body.Read(make([]byte, 1))
			done <- err
		}()
		resp.Body.Close()
		if err := <-done; err != http.ErrBodyReadAfterClose {
			t.Errorf("interrupted read: %v", err)
		}
		waitFor(t, func() bool { return cl.open.Load() == 0 })
	}
}

// TestCloseRacesRead closes each body while another goroutine reads its end:
// whoever is first, the connection must not be closed under its next user.
func TestCloseRacesRead(t *testing.T) {
	srv := serve(t, false, each("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n"+large[:3000]))
	cl := clients(t, func(d *Transport, _ *http.Transport) { d.ReadTimeout = 0 })[0]
	rounds := 300
	if testing.Short() {
		rounds = 50
	}
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range rounds {
				resp, err := cl.rt.RoundTrip(request(t, "GET", srv.url, nil))
				if err != nil {
					t.Errorf("a connection was closed under a request: %v", err)
					return
				}
				var wg sync.WaitGroup
				wg.Go(func() {
					if _, err := io.Copy(io.Discard, resp.Body); err != nil && err != http.ErrBodyReadAfterClose {
						t.Errorf("read: %v", err)
					}
				})
				resp.Body.Close()
				wg.Wait()
			}
		})
	}
	callers.Wait()
}
