package httpx

import (
	"context"
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
	gate := NewGate(GateConfig{})
	client := New(Config{UserAgent: "test", Gate: gate, Connections: idle, PerHost: idle})
	defer client.Close()
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: idle, Admission: gate})
	gate.Bind(runner.Wake)
	fetch := func(path string) (rec task.Record, err error) {
		u, err := url.Parse(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		tk := &task.Task{URLs: []string{u.String()}}
		rec = task.NewRecord(tk)
		_, err = asynccore.GatherOn(t.Context(), runner, asynccore.Job{Key: Origin(u)}, func(ctx context.Context) (struct{}, error) {
			accept := func(status int) bool { return status == 200 }
			return struct{}{}, client.Fetch(ctx, Exchange{Task: tk, URL: u, Accept: accept, Sink: Discard, Stop: ctx}, &rec)
		})
		return rec, err
	}
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
	if err := runner.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
