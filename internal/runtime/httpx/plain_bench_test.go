package httpx

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/task"
)

// instant answers at once, with next to nothing of its own.
type instant struct{ header http.Header }

func (i instant) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: i.header, Request: req,
		ContentLength: 0, Body: http.NoBody,
	}, nil
}

// answering is a server that allocates nothing: it takes each thing that it
// reads for a request, and sends the same bytes.
func answering(b *testing.B, answer string) (origin string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { // the clean-up below waits for it
		defer close(ended)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for buf, out := make([]byte, 4096), []byte(answer); err == nil; {
			if _, err = c.Read(buf); err == nil {
				_, err = c.Write(out)
			}
		}
	}()
	b.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	return "http://" + l.Addr().String()
}

// BenchmarkPlainFetch is what Fetch itself costs a task that asks for nothing
// but a URL: the allocations must not grow with what others ask for. Over
// loopback the whole way is in it, net/http's reading of the answer included.
func BenchmarkPlainFetch(b *testing.B) {
	b.Run("base=instant", func(b *testing.B) {
		plainFetch(b, "http://h.test", instant{http.Header{"Etag": {`"x"`}}})
	})
	b.Run("base=loopback", func(b *testing.B) {
		plainFetch(b, answering(b, "HTTP/1.1 200 OK\r\nServer: x\r\nDate: Sun, 22 Nov 2026 21:33:44 GMT\r\nContent-Type: text/plain\r\n"+
			"Content-Length: 200\r\nLast-Modified: Sun, 22 Nov 2026 21:33:44 GMT\r\nConnection: keep-alive\r\nETag: \"x\"\r\n"+
			"Accept-Ranges: bytes\r\n\r\n"+strings.Repeat("x", 200)), nil)
	})
}

func plainFetch(b *testing.B, origin string, base http.RoundTripper) {
	gate := NewGate(GateConfig{PerHost: 6, Failures: 5, Successes: 2, Retries: true})
	client := New(Config{
		Gate: gate, Base: base, Retry: asynccore.RetryPolicy{Max: 3}, Connections: 6, PerHost: 6,
		ConnectTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
	})
	defer client.Close()
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1, Admission: gate})
	gate.Bind(runner.Wake)
	u, err := url.Parse(origin + "/x")
	if err != nil {
		b.Fatal(err)
	}
	tk := &task.Task{URLs: []string{u.String()}}
	accept := func(status int) bool { return status == 200 }
	key := Origin(u)
	wire, cancel := context.WithCancel(b.Context())
	defer cancel()
	var rec task.Record
	b.ReportAllocs()
	for b.Loop() {
		done := make(chan struct{})
		err := runner.Go(wire, asynccore.Job{Key: key}, func(job context.Context) {
			defer close(done)
			headers := rec.Headers[:0]
			rec = task.NewRecord(tk)
			rec.Headers = headers
			if err := client.Fetch(job, Exchange{Task: tk, URL: *u, Accept: accept, Sink: Discard, Stop: context.Background()}, &rec); err != nil {
				b.Error(err)
			}
		})
		if err != nil {
			b.Fatal(err)
		}
		<-done
	}
	if err := runner.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
}
