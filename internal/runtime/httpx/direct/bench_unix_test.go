//go:build unix

package direct

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// cpu returns what the process has used so far, in user and system mode.
func cpu(b *testing.B) time.Duration {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

// pair holds this transport and http.Transport, set up as the program does.
func pair() map[string]http.RoundTripper {
	return map[string]http.RoundTripper{
		"direct": &Transport{TLSClientConfig: clientTLS(), ReadTimeout: 30 * time.Second, MaxIdlePerHost: 64},
		"nethttp": &http.Transport{TLSClientConfig: clientTLS(), ResponseHeaderTimeout: 30 * time.Second, MaxIdleConnsPerHost: 64,
			DisableCompression: true, MaxResponseHeaderBytes: DefaultMaxResponseHeaderBytes},
	}
}

// answerAll is a server with next to no cost of its own: it looks for the end
// of a request's header and sends the same bytes.
func answerAll(answer string) func(*session) {
	return func(s *session) {
		buf, out := make([]byte, 4096), []byte(answer)
		for {
			n, err := s.Read(buf)
			if err != nil {
				return
			}
			if n >= 4 && string(buf[n-4:n]) == "\r\n\r\n" {
				if _, err := s.Write(out); err != nil {
					return
				}
			}
		}
	}
}

// BenchmarkRoundTrip fetches 200 bytes with 50 goroutines. cpu-us/op is that
// of the whole process; the server's part is in it for both clients alike.
func BenchmarkRoundTrip(b *testing.B) {
	answer := "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 200\r\n\r\n" + strings.Repeat("x", 200)
	for _, secure := range []bool{false, true} {
		for name, rt := range pair() {
			b.Run(fmt.Sprintf("tls=%v/client=%s", secure, name), func(b *testing.B) {
				srv := serve(b, secure, answerAll(answer))
				defer rt.(interface{ CloseIdleConnections() }).CloseIdleConnections()
				one := func() {
					req, err := http.NewRequestWithContext(b.Context(), "GET", srv.url, nil)
					if err != nil {
						b.Error(err)
						return
					}
					req.Header.Set("User-Agent", "bench")
					resp, err := rt.RoundTrip(req)
					if err != nil {
						b.Error(err)
						return
					}
					if n, err := io.Copy(io.Discard, resp.Body); n != 200 || err != nil {
						b.Errorf("%d bytes, %v", n, err)
					}
					done(resp)
				}
				const workers = 50
				run := func(n int) {
					var left atomic.Int64
					left.Store(int64(n))
					var wg sync.WaitGroup
					for range workers {
						wg.Go(func() {
							for left.Add(-1) >= 0 {
								one()
							}
						})
					}
					wg.Wait()
				}
				run(workers * 4) // connections are there
				b.ReportAllocs()
				b.ResetTimer()
				before := cpu(b)
				run(b.N)
				b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/1000/float64(b.N), "cpu-us/op")
			})
		}
	}
}

// BenchmarkFloor is the server's and the kernel's part of BenchmarkRoundTrip:
// the same bytes, written and read with nothing around them.
func BenchmarkFloor(b *testing.B) {
	answer := "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 200\r\n\r\n" + strings.Repeat("x", 200)
	srv := serve(b, false, answerAll(answer))
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(b.N))
	before := cpu(b)
	for range 50 {
		wg.Go(func() {
			c, err := net.Dial("tcp", strings.TrimPrefix(srv.url, "http://"))
			if err != nil {
				b.Error(err)
				return
			}
			defer c.Close()
			buf := make([]byte, 4096)
			for left.Add(-1) >= 0 {
				if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: 127.0.0.1:12345\r\nUser-Agent: Go-http-client/1.1\r\n\r\n"); err != nil {
					b.Error(err)
				}
				if _, err := io.ReadFull(c, buf[:len(answer)]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/1000/float64(b.N), "cpu-us/op")
}

// BenchmarkLargeBody takes 64 MiB, into a buffer of the caller's. The server's
// part is in cpu-us/op.
func BenchmarkLargeBody(b *testing.B) {
	const length = 64 << 20
	srv := serve(b, false, func(s *session) {
		chunk := make([]byte, 1<<20)
		for s.request() != nil {
			s.send("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", length)
			for range length / len(chunk) {
				if _, err := s.Write(chunk); err != nil {
					return
				}
			}
		}
	})
	for name, rt := range pair() {
		for _, size := range []int{32 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("buffer=%d/client=%s", size, name), func(b *testing.B) {
				defer rt.(interface{ CloseIdleConnections() }).CloseIdleConnections()
				buf := make([]byte, size)
				b.SetBytes(length)
				b.ReportAllocs()
				before := cpu(b)
				for b.Loop() {
					req, err := http.NewRequestWithContext(b.Context(), "GET", srv.url, nil)
					if err != nil {
						b.Fatal(err)
					}
					resp, err := rt.RoundTrip(req)
					if err != nil {
						b.Fatal(err)
					}
					n, err := io.CopyBuffer(sink{}, struct{ io.Reader }{resp.Body}, buf)
					if n != length || err != nil {
						b.Fatalf("%d bytes, %v", n, err)
					}
					resp.Body.Close()
				}
				b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/1000/float64(b.N), "cpu-us/op")
			})
		}
	}
}

// sink has no ReadFrom, unlike io.Discard.
type sink struct{}

func (sink) Write(p []byte) (int, error) { return len(p), nil }
