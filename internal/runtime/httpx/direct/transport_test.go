package direct

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/asynccore"
)

func request(t testing.TB, method, url string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// TestConnectionCap shows that there are never more connections than callers,
// and that no more stay than may idle. http.Transport dials while others come
// free, and exceeds it.
func TestConnectionCap(t *testing.T) {
	const callers, idle = 20, 7
	cl := clients(t, func(d *Transport, _ *http.Transport) { d.MaxIdlePerHost, d.ReadTimeout = idle, 0 })[0]
	srv := serve(t, false, each(okAnswer))
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range 50 {
				if err := exchangeError(cl.rt, request(t, "GET", srv.url, nil)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := cl.peak.Load(); n > callers+idle {
		t.Errorf("%d connections at once for %d callers and %d idle", n, callers, idle)
	}
	if n := cl.open.Load(); n > idle {
		t.Errorf("%d connections stay, want at most %d", n, idle)
	}
	cl.rt.(*Transport).CloseIdleConnections()
	if n := cl.open.Load(); n != 0 {
		t.Errorf("%d connections stay after CloseIdleConnections", n)
	}
}

// TestHTTP2 shows that an origin that chooses HTTP/2 is served by the
// fallback, over the same connection when the fallback dials through us.
func TestHTTP2(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s", r.Proto, b)
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	const silence = 50 * time.Millisecond
	for _, wired := range []bool{true, false} {
		cl := clients(t, func(d *Transport, h *http.Transport) {
			d.TLSClientConfig = srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
			d.TLSClientConfig.NextProtos, d.ReadTimeout = nil, silence
			h.ResponseHeaderTimeout = 0
			h.TLSClientConfig, h.ForceAttemptHTTP2, h.DialContext = d.TLSClientConfig.Clone(), true, d.DialContext
			if wired {
				h.DialTLSContext = d.DialTLSContext
			}
			d.Fallback = h
		})[0]
		for range 3 {
			req := request(t, "POST", srv.URL, strings.NewReader("hello"))
			resp, err := cl.rt.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if string(b) != "HTTP/2.0 hello" || err != nil || resp.Request != req {
				t.Errorf("%q, %v, request kept %v", b, err, resp.Request == req)
			}
			time.Sleep(2 * silence) // which must not reach into HTTP/2
		}
		if n, want := cl.dials.Load(), map[bool]int64{true: 1, false: 2}[wired]; n != want {
			t.Errorf("wired %v: %d connections, want %d", wired, n, want)
		}
		cl.rt.(*Transport).CloseIdleConnections()
		waitFor(t, func() bool { return cl.open.Load() == 0 })
	}
}

func TestKnownOriginsAreBounded(t *testing.T) {
	var h http2
	for i := range maxKnown + 100 {
		h.learn(origin{tls: true, host: fmt.Sprint(i)})
	}
	if n := len(h.known); n != maxKnown {
		t.Errorf("%d known, want %d", n, maxKnown)
	}
	if o := (origin{tls: true, host: fmt.Sprint(maxKnown + 99)}); !h.knows(o) {
		t.Error("the newest is not known")
	}
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestFallback(t *testing.T) {
	tests := []struct {
		name   string
		change func(*http.Request)
		want   bool // goes to the fallback
	}{
		{"plain GET", func(r *http.Request) {}, false},
		{"Expect without a body", func(r *http.Request) { r.Header.Set("Expect", "100-continue") }, false},
		{"Expect with a body", func(r *http.Request) {
			r.Header.Set("Expect", "100-Continue")
			r.Body = io.NopCloser(strings.NewReader("b"))
		}, true},
		{"Upgrade", func(r *http.Request) { r.Header.Set("Upgrade", "websocket") }, true},
		{"Connection: upgrade", func(r *http.Request) { r.Header.Set("Connection", "keep-alive, Upgrade") }, true},
		{"CONNECT", func(r *http.Request) { r.Method = "CONNECT" }, true},
		{"other scheme", func(r *http.Request) { r.URL.Scheme = "ftp" }, true},
		{"opaque", func(r *http.Request) { r.URL.Opaque = "//x/y" }, true},
		{"IDNA", func(r *http.Request) { r.URL.Host = "bücher.test" }, true},
		{"trailer", func(r *http.Request) { r.Trailer = http.Header{"X-Sum": nil} }, true},
		{"transfer encoding", func(r *http.Request) { r.TransferEncoding = []string{"chunked"} }, true},
	}
	srv := serve(t, false, each(okAnswer))
	errFallback := errors.New("fallback")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rt := &Transport{Fallback: roundTripFunc(func(*http.Request) (*http.Response, error) { return nil, errFallback })}
			defer rt.CloseIdleConnections()
			req := request(t, "GET", srv.url, nil)
			test.change(req)
			if err := exchangeError(rt, req); errors.Is(err, errFallback) != test.want {
				t.Errorf("error %v, want the fallback's: %v", err, test.want)
			}
			req = request(t, "GET", srv.url, nil)
			test.change(req)
			if err := exchangeError(new(Transport), req); errors.Is(err, errNoFallback) != test.want {
				t.Errorf("error %v without a fallback", err)
			}
		})
	}
}

// TestRefused holds requests that must not reach the wire, for both.
func TestRefused(t *testing.T) {
	changes := map[string]func(*http.Request){
		"method":            func(r *http.Request) { r.Method = "GE T" },
		"header name":       func(r *http.Request) { r.Header["X y"] = []string{"1"} },
		"empty header name": func(r *http.Request) { r.Header[""] = []string{"1"} },
		"newline in value":  func(r *http.Request) { r.Header["X"] = []string{"a\r\nY: b"} },
		"NUL in value":      func(r *http.Request) { r.Header["X"] = []string{"a\x00"} },
		"no host":           func(r *http.Request) { r.URL.Host = "" },
		"no header":         func(r *http.Request) { r.Header = nil },
		"no URL":            func(r *http.Request) { r.URL = nil },
		"control in URL":    func(r *http.Request) { r.URL.Opaque, r.URL.RawQuery = "", "a\r\nb" },
		"length, no body":   func(r *http.Request) { r.Body, r.ContentLength = nil, 5 },
	}
	srv := serve(t, false, func(s *session) {
		if b, _ := io.ReadAll(s); len(b) > 0 {
			t.Errorf("on the wire: %q", b)
		}
	})
	for name, change := range changes {
		for _, cl := range clients(t, nil) {
			t.Run(name+"/"+cl.name, func(t *testing.T) {
				body := &closeCounter{Reader: strings.NewReader("b")}
				req := request(t, "GET", srv.url, body)
				change(req)
				err := exchangeError(cl.rt, req)
				if err == nil || errors.Is(err, io.EOF) {
					t.Errorf("error is %v", err)
				}
				if req.Body != nil && body.closed == 0 {
					t.Error("the request's body is not closed")
				}
			})
		}
	}
}

// TestSameBytes compares what the two transports send.
func TestSameBytes(t *testing.T) {
	tests := map[string]func() *http.Request{
		"GET":   func() *http.Request { return request(t, "GET", "http://h.test/a?b=c#d", nil) },
		"empty": func() *http.Request { return request(t, "", "http://h.test", nil) },
		"user":  func() *http.Request { return request(t, "GET", "http://u:p@h.test/", nil) },
		"IPv6":  func() *http.Request { return request(t, "GET", "http://[fe80::1%25eth0]:8080/", nil) },
		"POST":  func() *http.Request { return request(t, "POST", "http://h.test/", strings.NewReader("hello")) },
		"chunked": func() *http.Request {
			return request(t, "PUT", "http://h.test/", struct{ io.Reader }{strings.NewReader("hello")})
		},
		"no body": func() *http.Request { return request(t, "POST", "http://h.test/", http.NoBody) },
		"close":   func() *http.Request { r := request(t, "GET", "http://h.test/", nil); r.Close = true; return r },
		"no agent": func() *http.Request {
			r := request(t, "GET", "http://h.test/", nil)
			r.Header["User-Agent"] = []string{""}
			return r
		},
		"headers": func() *http.Request {
			r := request(t, "GET", "http://h.test/", nil)
			r.Host = "other.test"
			r.Header = http.Header{"B": {"2", "3"}, "a": {"1"}, "Host": {"ignored"}, "Content-Length": {"7"}, "User-Agent": {"x"}}
			return r
		},
	}
	for name, make := range tests {
		t.Run(name, func(t *testing.T) {
			var sent [2]bytes.Buffer
			for i, cl := range clients(t, nil) {
				dial := func(context.Context, string, string) (net.Conn, error) {
					ours, theirs := net.Pipe()
					go func() { // ends when our end is closed
						defer theirs.Close()
						req, err := http.ReadRequest(bufio.NewReader(io.TeeReader(theirs, &sent[i])))
						if err == nil {
							_, _ = io.Copy(io.Discard, req.Body)
							_, _ = io.WriteString(theirs, "HTTP/1.1 204 No Content\r\n\r\n")
						}
					}()
					return ours, nil
				}
				switch rt := cl.rt.(type) {
				case *Transport:
					rt.DialContext = dial
				case *http.Transport:
					rt.DialContext = dial
				}
				if err := exchangeError(cl.rt, make()); err != nil {
					t.Error(err)
				}
			}
			if diff := cmp.Diff(sent[1].String(), sent[0].String()); diff != "" {
				t.Errorf("sent (-nethttp +direct):\n%s", diff)
			}
		})
	}
}

func TestConnectErrors(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := ln.Addr().String()
	ln.Close()
	talks := serve(t, false, func(s *session) { s.send("HTTP/1.1 400 Bad Request\r\n\r\n"); _, _ = io.Copy(io.Discard, s) })
	closes := serve(t, false, func(s *session) {})
	secure := serve(t, true, each(okAnswer))
	plain := func(s *server) string { return "https" + strings.TrimPrefix(s.url, "http") }
	tests := []struct {
		name, url, want string
		roots           bool
	}{
		{"refused", "http://" + gone, "refused", true},
		{"unknown authority", secure.url, "certificate", false},
		{"wrong name", strings.Replace(secure.url, "127.0.0.1", "localhost", 1), "certificate", true},
		{"not TLS", plain(talks), "tls", true},
		{"closed in the handshake", plain(closes), "tls", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cl := clients(t, func(d *Transport, _ *http.Transport) {
				if !test.roots {
					d.TLSClientConfig = nil
				}
			})[0]
			if err := exchangeError(cl.rt, request(t, "GET", test.url, nil)); class(err) != test.want {
				t.Errorf("%s (%v), want %s", class(err), err, test.want)
			}
			waitFor(t, func() bool { return cl.open.Load() == 0 })
		})
	}
}

// TestTLSConfig shows what a caller's configuration is completed with.
func TestTLSConfig(t *testing.T) {
	own := &tls.Config{ServerName: "own", MinVersion: tls.VersionTLS10, NextProtos: []string{"http/1.1"}}
	tests := []struct {
		t    *Transport
		want *tls.Config
	}{
		{&Transport{}, &tls.Config{ServerName: "h", MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}},
		{&Transport{Fallback: http.DefaultTransport}, &tls.Config{ServerName: "h", MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}},
		{&Transport{Fallback: http.DefaultTransport, TLSClientConfig: own}, &tls.Config{ServerName: "own", MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}},
	}
	for i, test := range tests {
		got := test.t.tlsConfig("h")
		if got.ServerName != test.want.ServerName || got.MinVersion != test.want.MinVersion || !cmp.Equal(got.NextProtos, test.want.NextProtos) {
			t.Errorf("%d: %q %x %q", i, got.ServerName, got.MinVersion, got.NextProtos)
		}
	}
	if own.MinVersion != tls.VersionTLS10 {
		t.Error("the caller's configuration was changed")
	}
}

func TestTrace(t *testing.T) {
	for _, secure := range []bool{false, true} {
		srv := serve(t, secure, each("HTTP/1.1 103 Early Hints\r\n\r\n"+okAnswer))
		cl := clients(t, nil)[0]
		var events []string
		note := func(format string, args ...any) { events = append(events, fmt.Sprintf(format, args...)) }
		trace := &httptrace.ClientTrace{
			GetConn:              func(hostPort string) { note("get %v", "http://"+hostPort == srv.url || "https://"+hostPort == srv.url) },
			GotConn:              func(i httptrace.GotConnInfo) { note("got reused=%v idle=%v", i.Reused, i.WasIdle && i.IdleTime > 0) },
			PutIdleConn:          func(err error) { note("put %v", err) },
			GotFirstResponseByte: func() { note("first byte") },
			ConnectStart:         func(_, _ string) { note("connect") },
			ConnectDone:          func(_, _ string, err error) { note("connected %v", err) },
			TLSHandshakeStart:    func() { note("handshake") },
			TLSHandshakeDone:     func(s tls.ConnectionState, err error) { note("shaken %v %v", s.HandshakeComplete, err) },
			WroteHeaders:         func() { note("headers") },
			WroteRequest:         func(i httptrace.WroteRequestInfo) { note("wrote %v", i.Err) },
		}
		for range 2 {
			req := request(t, "GET", srv.url, nil)
			if err := exchangeError(cl.rt, req.WithContext(httptrace.WithClientTrace(req.Context(), trace))); err != nil {
				t.Fatal(err)
			}
		}
		dial := []string{"connect", "connected <nil>"}
		if secure {
			dial = append(dial, "handshake", "shaken true <nil>")
		}
		rest := []string{"headers", "wrote <nil>", "first byte", "put <nil>"}
		want := append(append([]string{"get true"}, dial...), "got reused=false idle=false")
		want = append(append(want, rest...), "get true", "got reused=true idle=true")
		want = append(want, rest...)
		if diff := cmp.Diff(want, events); diff != "" {
			t.Errorf("secure %v (-want +got):\n%s", secure, diff)
		}
	}
}

// bareConn hides the socket, as a caller's own wrapper would.
type bareConn struct{ net.Conn }

// TestWatched runs the cases of stray bytes and dead connections over
// connections that cannot be asked, as on systems without recv(2).
func TestWatched(t *testing.T) {
	for _, secure := range []bool{false, true} {
		for _, c := range wireCases {
			if !c.pause && c.name != "keep-alive" {
				continue
			}
			t.Run(fmt.Sprintf("tls=%v/%s", secure, c.name), func(t *testing.T) {
				dials := 0
				rt := &Transport{TLSClientConfig: clientTLS(), DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
					dials++
					raw, err := new(net.Dialer).DialContext(ctx, network, addr)
					return bareConn{raw}, err
				}}
				defer rt.CloseIdleConnections()
				srv := serve(t, secure, c.serve)
				if diff := cmp.Diff(c.want, c.doAll(t, rt, srv, true, len(c.want))); diff != "" {
					t.Errorf("exchanges (-want +got):\n%s", diff)
				}
				if int64(dials) != c.conns {
					t.Errorf("%d connections, want %d", dials, c.conns)
				}
			})
		}
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"http://h/": "h:80", "https://h/": "h:443", "http://h:/": "h:80", "http://[::1]/": "[::1]:80",
		"https://[::1]:8443/": "[::1]:8443", "http://127.0.0.1:81/": "127.0.0.1:81",
	} {
		u, err := url.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := address(u); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// A panic in a dial ends the request that it is for, not the program.
func TestPanicInDial(t *testing.T) {
	rt := &Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { panic("in the dialer") }}
	err := asynccore.Catch(func() error {
		_, err := rt.RoundTrip(request(t, "GET", "http://h.test/", nil))
		return err
	})
	p, ok := errors.AsType[*asynccore.PanicError](err)
	if !ok || p.Value != "in the dialer" || !strings.Contains(string(p.Stack), "TestPanicInDial.func1") {
		t.Errorf("%v, want the dialer's panic, with where it was", err)
	}
}
