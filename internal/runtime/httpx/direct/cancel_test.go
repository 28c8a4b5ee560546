package direct

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/bubble"
)

// TestCancel ends the context at every point of an exchange, with a cause,
// against both transports.
func TestCancel(t *testing.T) {
	errCause := errors.New("the cause")
	head := "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
	points := []struct {
		name  string
		serve func(s *session, reached chan<- struct{})
		body  io.Reader
	}{
		{"before the request is read", func(s *session, reached chan<- struct{}) { close(reached); s.hang() }, nil},
		{"before the headers", func(s *session, reached chan<- struct{}) { s.request(); close(reached); s.hang() }, nil},
		{"within the headers", func(s *session, reached chan<- struct{}) {
			s.request()
			s.send("HTTP/1.1 200 OK\r\nX-")
			close(reached)
			s.hang()
		}, nil},
		{"after an interim answer", func(s *session, reached chan<- struct{}) {
			s.request()
			s.send("HTTP/1.1 103 Early Hints\r\n\r\n")
			close(reached)
			s.hang()
		}, nil},
		{"before the body", func(s *session, reached chan<- struct{}) {
			s.request()
			s.send("%s", head)
			close(reached)
			s.hang()
		}, nil},
		{"within the body", func(s *session, reached chan<- struct{}) {
			s.request()
			s.send("%sabc", head)
			close(reached)
			s.hang()
		}, nil},
		{"while the body is sent", func(s *session, reached chan<- struct{}) {
			_, _ = http.ReadRequest(s.br)
			close(reached)
			s.hang()
		}, strings.NewReader(strings.Repeat(large, 100))},
	}
	for _, way := range ways {
		for _, p := range points {
			for _, cl := range clients(t, func(d *Transport, h *http.Transport) { d.ReadTimeout, h.ResponseHeaderTimeout = 0, 0 }) {
				if way.secure && p.name == "before the request is read" {
					continue // the handshake happens when the server reads; see TestConnect
				}
				t.Run(way.name+"/"+p.name+"/"+cl.name, func(t *testing.T) {
					reached := make(chan struct{})
					srv := serve(t, way.secure, func(s *session) { p.serve(s, reached) })
					ctx, cancel := context.WithCancelCause(t.Context())
					method := "POST"
					if way.plain && p.body == nil {
						method = "GET"
					}
					req, err := http.NewRequestWithContext(ctx, method, srv.url, p.body)
					if err != nil {
						t.Fatal(err)
					}
					req.Header.Set("User-Agent", "test")
					go func() { // ends with reached, at the latest when the server does
						<-reached
						time.Sleep(settle)
						cancel(errCause)
					}()
					err = exchangeError(cl.rt, req)
					if !errors.Is(err, errCause) {
						t.Errorf("error is %v, want the cause", err)
					}
					waitFor(t, func() bool { return cl.open.Load() == 0 })
				})
			}
		}
	}
}

// exchangeError makes an exchange and returns the error of its call or body.
func exchangeError(rt http.RoundTripper, req *http.Request) error {
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func waitFor(t *testing.T, what func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !what(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Error("waited in vain")
			return
		}
	}
}

// TestCancelledBefore shows that an ended context costs no connection, and
// that the request's body is closed.
func TestCancelledBefore(t *testing.T) {
	for _, cl := range clients(t, nil) {
		t.Run(cl.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			body := &closeCounter{Reader: strings.NewReader("b")}
			req, err := http.NewRequestWithContext(ctx, "POST", "http://127.0.0.1:1/", body)
			if err != nil {
				t.Fatal(err)
			}
			if err := exchangeError(cl.rt, req); err != context.Canceled {
				t.Errorf("error is %v, want %v", err, context.Canceled)
			}
			if n := cl.dials.Load(); n != 0 || body.closed == 0 {
				t.Errorf("%d dials, body closed %d times; want 0 and at least 1", n, body.closed)
			}
		})
	}
}

type closeCounter struct {
	io.Reader
	closed int
}

func (c *closeCounter) Close() error { c.closed++; return nil }

// TestCancelLate cancels each context after its exchange is over: the
// connection has gone to others and must not notice.
func TestCancelLate(t *testing.T) {
	for _, cl := range clients(t, nil) {
		t.Run(cl.name, func(t *testing.T) {
			srv := serve(t, false, each(okAnswer))
			for range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				req, err := http.NewRequestWithContext(ctx, "GET", srv.url, nil)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("User-Agent", "test")
				if err := exchangeError(cl.rt, req); err != nil {
					t.Fatal(err)
				}
				cancel()
			}
			if n := cl.dials.Load(); n != 1 {
				t.Errorf("%d connections, want 1", n)
			}
		})
	}
}

// pipeServer is one connection in memory, for exact times.
func pipeServer(handle func(net.Conn)) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() { // ends when the test closes its end
			defer theirs.Close()
			handle(theirs)
		}()
		return ours, nil
	}
}

func get(t *testing.T, ctx context.Context, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, "POST", "http://h/", body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// readHead reads a request up to its empty line.
func readHead(c net.Conn) {
	var got []byte
	one := make([]byte, 1)
	for !strings.HasSuffix(string(got), "\r\n\r\n") {
		if _, err := c.Read(one); err != nil {
			return
		}
		got = append(got, one[0])
	}
}

func TestTimes(t *testing.T) {
	const limit = 30 * time.Second
	forever := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	tests := []struct {
		name   string
		handle func(net.Conn)
		body   io.Reader
		ctx    time.Duration // the request's own deadline
		want   string
		after  time.Duration
	}{
		{name: "silent server", handle: forever, want: "timeout_read", after: limit},
		{name: "server that does not read", handle: func(c net.Conn) { time.Sleep(time.Hour) }, want: "timeout_read", after: limit},
		{name: "own deadline first", handle: forever, ctx: 10 * time.Second, want: "deadline", after: 10 * time.Second},
		{name: "a byte renews the limit", handle: func(c net.Conn) {
			readHead(c)
			time.Sleep(20 * time.Second)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			forever(c)
		}, want: "timeout_read", after: 20*time.Second + limit},
		{name: "an interim answer renews the limit", handle: func(c net.Conn) {
			readHead(c)
			for range 5 {
				time.Sleep(20 * time.Second)
				_, _ = io.WriteString(c, "HTTP/1.1 102 Processing\r\n\r\n")
			}
			time.Sleep(20 * time.Second)
			_, _ = io.WriteString(c, okAnswer)
			forever(c)
		}, want: "ok", after: 120 * time.Second},
		{name: "each piece of a body renews the limit", handle: func(c net.Conn) {
			readHead(c)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
			for _, wait := range []time.Duration{1, 5, 10, 14, 16, 20, 29, 1, 29} {
				time.Sleep(wait * time.Second)
				_, _ = io.WriteString(c, "x")
			}
		}, want: "ok", after: 125 * time.Second},
		{name: "silence late in the body", handle: func(c net.Conn) {
			readHead(c)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
			for range 5 {
				time.Sleep(3 * time.Second)
				_, _ = io.WriteString(c, "x")
			}
			forever(c)
		}, want: "timeout_read", after: 15*time.Second + limit},
		{name: "silence within the body", handle: func(c net.Conn) {
			readHead(c)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
			forever(c)
		}, want: "timeout_read", after: limit},
		{name: "slow source of the request's body", handle: func(c net.Conn) {
			go func() { readHead(c); forever(c) }() // ends with the connection
			time.Sleep(2*time.Minute + 20*time.Second)
			_, _ = io.WriteString(c, okAnswer)
		}, body: &slowReader{pieces: 3, pause: 40 * time.Second}, want: "ok", after: 2*time.Minute + 20*time.Second},
		{name: "silence after a slow source", handle: func(c net.Conn) { readHead(c); forever(c) },
			body: &slowReader{pieces: 3, pause: 40 * time.Second}, want: "timeout_read", after: 2*time.Minute + limit},
		{name: "server that stops reading the request's body", handle: func(c net.Conn) { readHead(c); time.Sleep(time.Hour) },
			body: &slowReader{pieces: 3, pause: 40 * time.Second}, want: "timeout_read", after: 40*time.Second + limit},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				rt := &Transport{DialContext: pipeServer(test.handle), ReadTimeout: limit}
				defer rt.CloseIdleConnections()
				ctx := t.Context()
				if test.ctx > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.ctx)
					defer cancel()
				}
				start := time.Now()
				err := exchangeError(rt, get(t, ctx, test.body))
				if got, took := class(err), time.Since(start); got != test.want || took != test.after {
					t.Errorf("%s (%v) after %v, want %s after %v", got, err, took, test.want, test.after)
				}
				time.Sleep(2 * time.Hour) // servers that only sleep end too
			})
		})
	}
}

// slowReader gives a byte after each pause.
type slowReader struct {
	pieces int
	pause  time.Duration
}

func (r *slowReader) Read(p []byte) (int, error) {
	if r.pieces == 0 {
		return 0, io.EOF
	}
	r.pieces--
	time.Sleep(r.pause)
	p[0] = 'x'
	return 1, nil
}

// TestSlowCaller shows that the time a caller takes between two reads is not
// the server's silence.
func TestSlowCaller(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		rt := &Transport{ReadTimeout: time.Second, DialContext: pipeServer(func(c net.Conn) {
			for range 2 {
				readHead(c)
				_, _ = io.WriteString(c, okAnswer)
			}
		})}
		defer rt.CloseIdleConnections()
		for range 2 {
			resp, err := rt.RoundTrip(get(t, t.Context(), nil))
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "ok" {
				t.Errorf("body %q, %v", b, err)
			}
			resp.Body.Close()
			time.Sleep(time.Minute) // idle
		}
	})
}

func TestConnectTimeout(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		for own, want := range map[time.Duration]string{0: "timeout_connect", time.Second: "deadline"} {
			bubble.Test(t, func(t *testing.T) {
				rt := &Transport{ConnectTimeout: 10 * time.Second, ReadTimeout: time.Millisecond, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
					if scheme == "https" { // the dial succeeds, the handshake hangs
						time.Sleep(time.Second / 2)
						return pipeServer(func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })(ctx, "", "")
					}
					<-ctx.Done()
					return nil, ctx.Err()
				}}
				ctx, after := t.Context(), 10*time.Second
				if own > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, own)
					defer cancel()
					after = own
				}
				req := get(t, ctx, nil)
				req.URL.Scheme = scheme
				start := time.Now()
				err := exchangeError(rt, req)
				if took := time.Since(start); class(err) != want || took != after {
					t.Errorf("%s: %v after %v, want %s after %v", scheme, err, took, want, after)
				}
			})
		}
	}
}

// Exchanges under several contexts at once: the end of one context ends its own
// and no other.
func TestCancelAmongOthers(t *testing.T) {
	srv := serve(t, false, func(s *session) {
		for req := s.request(); req != nil; req = s.request() {
			if req.URL.Path == "/held" {
				s.hang()
			}
			s.send(okAnswer)
		}
	})
	rt := &Transport{}
	defer rt.CloseIdleConnections()
	get := func(ctx context.Context, path string) error {
		req, err := http.NewRequestWithContext(ctx, "GET", srv.url+path, nil)
		if err != nil {
			return err
		}
		req.Header.Set("User-Agent", "test")
		resp, err := rt.RoundTrip(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		done(resp)
		return err
	}
	errCause := errors.New("the cause")
	long, cancelLong := context.WithCancelCause(t.Context())
	short, cancelShort := context.WithCancelCause(t.Context())
	var held, passing sync.WaitGroup
	for i := range 40 {
		ctx := long
		if i%2 == 0 {
			ctx = short
		}
		held.Go(func() {
			if err := get(ctx, "/held"); !errors.Is(err, errCause) {
				t.Errorf("held: %v, want the cause", err)
			}
		})
		passing.Go(func() {
			for range 50 {
				if err := get(long, "/"); err != nil {
					t.Errorf("passing: %v", err)
				}
			}
		})
	}
	waitFor(t, func() bool { return srv.conns.Load() >= 40 })
	cancelShort(errCause)
	passing.Wait()
	cancelLong(errCause)
	held.Wait()
	rt.scopes.mu.Lock()
	defer rt.scopes.mu.Unlock()
	if rt.scopes.recent != nil {
		t.Error("a scope without exchanges is kept")
	}
}
