package direct

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// scripted is a connection whose peer answers the first request with fixed
// bytes, then closes.
type scripted struct {
	net.Conn
	mu     sync.Mutex // guards all below
	cond   *sync.Cond
	answer []byte
	asked  bool
	closed bool
	late   bool // a read deadline in the past is set
}

func newScripted(answer []byte) *scripted {
	c := &scripted{answer: answer}
	c.cond = sync.NewCond(&c.mu)
	return c
}

func (c *scripted) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.asked && !c.closed && !c.late {
		c.cond.Wait()
	}
	switch {
	case c.closed:
		return 0, net.ErrClosed
	case c.late:
		return 0, os.ErrDeadlineExceeded
	case len(c.answer) == 0:
		return 0, io.EOF
	}
	n := copy(p, c.answer)
	c.answer = c.answer[n:]
	return n, nil
}

func (c *scripted) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = c.asked || bytes.HasSuffix(p, []byte("\r\n\r\n"))
	c.cond.Broadcast()
	return len(p), nil
}

func (c *scripted) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.cond.Broadcast()
	return nil
}

func (c *scripted) SetReadDeadline(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.late = !at.IsZero() && at.Before(time.Now())
	c.cond.Broadcast()
	return nil
}

func (c *scripted) SetDeadline(at time.Time) error   { return c.SetReadDeadline(at) }
func (c *scripted) SetWriteDeadline(time.Time) error { return nil }
func (c *scripted) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *scripted) RemoteAddr() net.Addr             { return &net.TCPAddr{} }

// done closes a body, and gives its memory to the next answer.
func done(resp *http.Response) {
	_ = resp.Body.Close()
	if answer, ok := resp.Body.(interface{ Reuse() }); ok {
		answer.Reuse()
	}
}

// outcome is what a caller sees of an answer.
func outcome(rt http.RoundTripper, method string) string {
	req, err := http.NewRequest(method, "http://h.test/", nil)
	if err != nil {
		panic(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return "error"
	}
	body, err := io.ReadAll(resp.Body)
	defer done(resp)
	return fmt.Sprintf("%s %q %d %v %v %v %q %v", resp.Proto, resp.Status, resp.ContentLength, resp.TransferEncoding, resp.Header, resp.Trailer, body, err != nil)
}

// FuzzAnswer gives the same bytes to this transport and to http.Transport: they
// must agree on status, headers, body, trailers, and whether it was an error.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		okAnswer, chunked("X-Sum: 7\r\n"), "HTTP/1.0 200 OK\r\n\r\nbody", "HTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 103 Early Hints\r\n\r\n" + okAnswer,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n2;x=y\r\nab\r\n0\r\n\r\nmore", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx",
		"HTTP/1.1 099 Odd\r\n\r\nx", "HTTP/0.9 200\r\n\r\n", "\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "HTTP/1.1 304 N\r\nContent-Length: 4\r\n\r\nbody",
		"HTTP/1.1 404 Not Found\r\ncontent-length:\t3 \r\nSet-Cookie: a=b\r\nset-cookie: c=\xe4\r\nConnection: Keep-Alive\r\n\r\nabc",
		"HTTP/1.1 200\r\nContent-Length: 0\r\nPragma: no-cache\r\n\r\n", "HTTP/1.1 2000 OK\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 200 OK\r\nX: a\nContent-Length: 1\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "HTTP/1.1 200  OK\r\nX : a\r\nContent-Length: +1\r\n\r\nx",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, answer []byte, head bool) {
		method := "GET"
		if head {
			method = "HEAD"
		}
		if switches(answer) || strings.Count(string(answer), "HTTP/") > maxInterim {
			return // wanted differences, see the wire cases
		}
		dial := func(context.Context, string, string) (net.Conn, error) { return newScripted(answer), nil }
		d := &Transport{DialContext: dial}
		defer d.CloseIdleConnections()
		h := &http.Transport{DialContext: dial, DisableCompression: true, MaxResponseHeaderBytes: DefaultMaxResponseHeaderBytes}
		defer h.CloseIdleConnections()
		want := outcome(h, method)
		for range 2 { // the second time in memory of the first
			if got := outcome(d, method); got != want {
				t.Errorf("%s %q\ndirect  %s\nnethttp %s", method, answer, got, want)
			}
		}
	})
}

// switches reports whether an answer of 101 may be among the bytes.
func switches(answer []byte) bool { return bytes.Contains(answer, []byte(" 101")) }
