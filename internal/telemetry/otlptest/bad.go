package otlptest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// BadCollector is a collector that must not hurt whoever sends to it.
type BadCollector struct {
	Name  string
	Start func(testing.TB) (endpoint string) // it ends with the test
}

// Bad lists the ways for a collector to be bad. None of them accepts a span.
var Bad = []BadCollector{
	{"refusing", refusing},
	{"silent", raw(func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })},
	{"hanging up", raw(func(net.Conn) {})},
	{"not HTTP", raw(func(c net.Conn) { _, _ = io.WriteString(c, "220 mail.example ESMTP\r\n") })},
	{"endless headers", raw(endlessHeaders)},
	{"dripping", raw(dripping)},
	{"unavailable", served(Status(http.StatusServiceUnavailable))},
	{"unavailable for ages", served(Status(http.StatusServiceUnavailable, "Retry-After", "9223372037"))},
	{"refusing the data", served(Status(http.StatusBadRequest))},
	{"redirecting", served(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	})},
	{"endless body", served(endlessBody)},
	{"bomb", served(bomb)},
}

// refusing is a port that nothing listens on.
func refusing(tb testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	l.Close()
	return "http://" + l.Addr().String()
}

// raw serves connections without HTTP; each is closed when handle returns.
func raw(handle func(net.Conn)) func(testing.TB) string {
	return func(tb testing.TB) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		var (
			accepting, handling sync.WaitGroup
			conns               []net.Conn // read once accepting has ended
		)
		accepting.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				conns = append(conns, c)
				handling.Go(func() {
					defer c.Close()
					handle(c)
				})
			}
		})
		tb.Cleanup(func() {
			l.Close()
			accepting.Wait()
			for _, c := range conns {
				c.Close()
			}
			handling.Wait()
		})
		return "http://" + l.Addr().String()
	}
}

func served(h http.HandlerFunc) func(testing.TB) string {
	return func(tb testing.TB) string {
		s := httptest.NewServer(h)
		tb.Cleanup(s.Close)
		return s.URL
	}
}

func endlessHeaders(c net.Conn) {
	_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n")
	for line := "X-More: " + strings.Repeat("x", 1000) + "\r\n"; err == nil; {
		_, err = io.WriteString(c, line)
	}
}

// dripping sends a byte of its answer now and then.
func dripping(c net.Conn) {
	_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
	for err == nil {
		time.Sleep(20 * time.Millisecond)
		_, err = c.Write([]byte{0})
	}
}

func endlessBody(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-protobuf")
	for chunk := make([]byte, 32<<10); ; {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// bomb answers 100 MiB in 100 KiB: a hundred gzip members of 1 MiB each.
func bomb(w http.ResponseWriter, _ *http.Request) {
	var member bytes.Buffer
	gz := gzip.NewWriter(&member)
	_, _ = gz.Write(make([]byte, 1<<20))
	_ = gz.Close()
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(bytes.Repeat(member.Bytes(), 100))
}
