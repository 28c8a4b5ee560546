package direct

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// server speaks whatever its test wants on a loopback port, a goroutine a
// connection; the test's end closes them all and waits.
type server struct {
	url   string
	conns atomic.Int64 // accepted so far

	answered chan struct{} // closed by the test after its first exchange
	passed   chan struct{} // closed when the first connection has done what it had to, or is gone
	pass     func()        // closes passed
}

// session is one accepted connection. Its handler may return at any time; the
// connection is closed then.
type session struct {
	net.Conn
	srv *server
	raw *net.TCPConn
	br  *bufio.Reader
	n   int64 // the connection's number, from 1
	end <-chan struct{}
}

func serve(t testing.TB, secure bool, handle func(*session)) *server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{url: "http://" + ln.Addr().String(), answered: make(chan struct{}), passed: make(chan struct{})}
	s.pass = sync.OnceFunc(func() { close(s.passed) })
	if secure {
		s.url = "https://" + ln.Addr().String()
	}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		open = map[net.Conn]bool{}
		end  = make(chan struct{})
	)
	wg.Go(func() {
		for {
			raw, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[raw] = true
			mu.Unlock()
			n := s.conns.Add(1)
			wg.Go(func() {
				defer func() {
					mu.Lock()
					delete(open, raw)
					mu.Unlock()
					_ = raw.Close()
					if n == 1 {
						s.pass()
					}
				}()
				c := raw
				if secure {
					c = tls.Server(raw, serverTLS())
				}
				handle(&session{Conn: c, srv: s, raw: raw.(*net.TCPConn), br: bufio.NewReader(c), n: n, end: end})
			})
		}
	})
	t.Cleanup(func() {
		close(end)
		_ = ln.Close()
		mu.Lock()
		for c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return s
}

// request reads a whole request; nil at the end of the connection.
func (s *session) request() *http.Request {
	req, err := http.ReadRequest(s.br)
	if err != nil {
		return nil
	}
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return nil
	}
	return req
}

func (s *session) send(format string, args ...any) {
	_, _ = fmt.Fprintf(s, format, args...)
}

// each answers every request with the same bytes.
func each(answer string) func(*session) {
	return func(s *session) {
		for s.request() != nil {
			s.send("%s", answer)
		}
	}
}

// hang waits for the test's end.
func (s *session) hang() { <-s.end }

// answered waits for the end of the test's first exchange.
func (s *session) answered() {
	select {
	case <-s.srv.answered:
	case <-s.end:
	}
}

// reset closes with a TCP reset.
func (s *session) reset() {
	_ = s.raw.SetLinger(0)
	_ = s.raw.Close()
}

const okAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"server.test"},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
})

func serverTLS() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{certificate()}}
}

func clientTLS() *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(certificate().Leaf)
	return &tls.Config{RootCAs: roots}
}

// client is one of the two transports that every wire test runs against.
type client struct {
	name  string
	rt    http.RoundTripper
	dials atomic.Int64
	open  atomic.Int64 // connections open now
	peak  atomic.Int64 // the most that were
}

const testReadTimeout = 10 * time.Second // long, for machines that have other things to do

// clients returns this transport and net/http's, set up alike. tune may change
// either.
func clients(t testing.TB, tune func(*Transport, *http.Transport)) []*client {
	mine, theirs := &client{name: "direct"}, &client{name: "nethttp"}
	d := &Transport{DialContext: mine.dial, TLSClientConfig: clientTLS(), ReadTimeout: testReadTimeout, ConnectTimeout: testReadTimeout}
	h := &http.Transport{
		DialContext: theirs.dial, TLSClientConfig: clientTLS(), ResponseHeaderTimeout: testReadTimeout, TLSHandshakeTimeout: testReadTimeout,
		MaxIdleConnsPerHost: DefaultMaxIdlePerHost, MaxResponseHeaderBytes: DefaultMaxResponseHeaderBytes, DisableCompression: true,
	}
	if tune != nil {
		tune(d, h)
	}
	mine.rt, theirs.rt = d, h
	t.Cleanup(d.CloseIdleConnections)
	t.Cleanup(h.CloseIdleConnections)
	return []*client{mine, theirs}
}

func (c *client) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	raw, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	c.dials.Add(1)
	now := c.open.Add(1)
	for {
		peak := c.peak.Load()
		if now <= peak || c.peak.CompareAndSwap(peak, now) {
			return &countedConn{TCPConn: raw.(*net.TCPConn), open: &c.open}, nil
		}
	}
}

// countedConn keeps SyscallConn, as the connections of a net.Dialer have it.
type countedConn struct {
	*net.TCPConn
	once sync.Once
	open *atomic.Int64
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.TCPConn.Close()
}

// class names what a caller can tell about err.
func class(err error) string {
	var (
		cert  *tls.CertificateVerificationError
		op    *net.OpError
		typed interface{ ErrorType() string }
		late  interface{ Timeout() bool }
	)
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case err == context.DeadlineExceeded: // net/http's own timeouts are it to errors.Is
		return "deadline"
	case errors.As(err, &typed):
		return typed.ErrorType()
	case errors.As(err, &cert):
		return "certificate"
	case errors.As(err, &late) && late.Timeout():
		return "timeout_read" // net/http has no type for it
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "short"
	case errors.Is(err, io.EOF) || err.Error() == "http: server closed idle connection":
		return "no answer"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.As(err, &op):
		return "net"
	}
	return "bad_response" // net/http has no type for it
}
