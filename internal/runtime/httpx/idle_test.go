package httpx

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/task"
)

// A server that has closed all idle connections costs a task no attempt,
// however many there were, and is not taken for one that gives requests back.
func TestIdleConnectionsClosedByTheServer(t *testing.T) {
	const idle = 5
	var together sync.WaitGroup // so that there are as many connections
	together.Add(idle)
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if strings.HasPrefix(r.URL.Path, "/first") {
			together.Done()
			together.Wait()
		}
	}))
	defer server.Close()
	fetch := fetcher(t, server.URL, idle)
	var all sync.WaitGroup
	for range idle {
		all.Go(func() {
			if _, err := fetch("/first"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	server.CloseClientConnections()
	time.Sleep(20 * time.Millisecond) // on loopback it is known by then
	rec, err := fetch("/then")
	if err != nil || rec.Attempts != 1 || len(rec.Retries) > 0 || requests.Load() != idle+1 {
		t.Errorf("%d attempts, %d requests: %v", rec.Attempts, requests.Load(), err)
	}
}

// Contexts and all else of an exchange are used again by the next ones, while
// others of the batch are under way.
func TestMemoryIsUsedAgain(t *testing.T) {
	const atOnce = 8
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path)
	}))
	defer server.Close()
	fetch := fetcher(t, server.URL, atOnce)
	for range 50 {
		var all sync.WaitGroup
		for i := range atOnce {
			all.Go(func() {
				for range i % 3 * 5 {
					if rec, err := fetch("/x"); err != nil || rec.Bytes != 2 {
						t.Errorf("%d bytes, %v", rec.Bytes, err)
					}
				}
			})
		}
		all.Wait()
	}
}

// fetcher returns what fetches a path of the server, as a task of one batch.
func fetcher(t *testing.T, origin string, atOnce int) func(path string) (task.Record, error) {
	gate := NewGate(GateConfig{})
	client := New(Config{UserAgent: "test", Gate: gate, Connections: atOnce, PerHost: atOnce})
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: atOnce, Admission: gate})
	gate.Bind(runner.Wake)
	batch, cancel := context.WithCancel(t.Context())
	t.Cleanup(func() {
		if err := runner.Close(context.Background()); err != nil {
			t.Error(err)
		}
		cancel()
		client.Close()
	})
	return func(path string) (rec task.Record, err error) {
		u, err := url.Parse(origin + path)
		if err != nil {
			t.Fatal(err)
		}
		tk := &task.Task{URLs: []string{u.String()}}
		rec = task.NewRecord(tk)
		ended := make(chan struct{})
		submitted := runner.Go(batch, asynccore.Job{Key: Origin(u)}, func(job context.Context) {
			defer close(ended)
			accept := func(status int) bool { return status == 200 }
			ctx := asynccore.WithSlot(batch, asynccore.SlotFrom(job))
			err = client.Fetch(ctx, Exchange{Task: tk, URL: *u, Accept: accept, Sink: Discard, Stop: batch}, &rec)
		})
		if submitted != nil {
			return rec, submitted
		}
		<-ended
		return rec, err
	}
}
