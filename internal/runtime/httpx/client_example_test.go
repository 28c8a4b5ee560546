package httpx_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/task"
)

// flakyServer answers every third request with 503; it counts its connections.
func flakyServer(connections *atomic.Int64) *httptest.Server {
	var requests atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1)%3 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, "hello")
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	return s
}

// A client with retries, a breaker and a limit for every host, which keeps its
// connections: thirty tasks, over two connections.
func ExampleClient() {
	var connections, bytes atomic.Int64
	server := flakyServer(&connections)
	defer server.Close()

	gate := httpx.NewGate(httpx.GateConfig{PerHost: 2, Failures: 5, Cooldown: time.Minute, Successes: 2, Retries: true})
	client := httpx.New(httpx.Config{
		Gate: gate, PerHost: 2, Connections: 10,
		ConnectTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		Retry: asynccore.RetryPolicy{Max: 20, Base: time.Millisecond}, RetryOn: statuses("429,503"),
	})
	defer client.Close()
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 10, Admission: gate})
	gate.Bind(runner.Wake)

	ctx := context.Background()
	for i := range 30 {
		u, err := url.Parse(fmt.Sprintf("%s/%d", server.URL, i))
		if err != nil {
			fmt.Println(err)
			return
		}
		one := &task.Task{ID: u.Path, URLs: []string{u.String()}}
		err = runner.Go(ctx, asynccore.Job{Key: httpx.Origin(u)}, func(job context.Context) {
			rec := task.NewRecord(one)
			err := client.Fetch(job, httpx.Exchange{Task: one, URL: *u, Accept: is200, Sink: httpx.Discard, Stop: ctx}, &rec)
			if err != nil {
				fmt.Println(rec.URL, err)
			}
			bytes.Add(rec.Bytes)
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	err := runner.Close(ctx)
	fmt.Println(bytes.Load(), "bytes, two connections at most:", connections.Load() <= 2, err)
	// Output: 150 bytes, two connections at most: true <nil>
}

func is200(status int) bool { return status == http.StatusOK }

func statuses(list string) task.StatusSet {
	s, err := task.ParseStatusSet(list)
	if err != nil {
		panic(err)
	}
	return s
}
