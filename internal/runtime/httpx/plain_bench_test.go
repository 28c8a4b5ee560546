package httpx

import (
	"context"
	"net/http"
	"net/url"
	"testing"

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

// BenchmarkPlainFetch is what Fetch itself costs a task that asks for nothing
// but a URL: the allocations must not grow with what others ask for.
func BenchmarkPlainFetch(b *testing.B) {
	gate := NewGate(GateConfig{PerHost: 6, Failures: 5, Successes: 2, Retries: true})
	client := New(Config{Gate: gate, Base: instant{http.Header{"Etag": {`"x"`}}}, Retry: asynccore.RetryPolicy{Max: 3}})
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1, Admission: gate})
	gate.Bind(runner.Wake)
	u, err := url.Parse("http://h.test/x")
	if err != nil {
		b.Fatal(err)
	}
	tk := &task.Task{URLs: []string{u.String()}}
	accept := func(status int) bool { return status == 200 }
	key := Origin(u)
	b.ReportAllocs()
	for b.Loop() {
		done := make(chan struct{})
		err := runner.Go(context.Background(), asynccore.Job{Key: key}, func(job context.Context) {
			defer close(done)
			rec := task.NewRecord(tk)
			if err := client.Fetch(job, Exchange{Task: tk, URL: u, Accept: accept, Sink: Discard, Stop: context.Background()}, &rec); err != nil {
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
