package httpx

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/task"
)

// answer is what a fake origin says to one request.
type answer struct {
	status  int
	header  http.Header
	body    string
	bodyErr error         // instead of the end of the body
	err     error         // instead of an answer
	after   time.Duration // how long it takes
}

// seen is a request that arrived at a fake origin.
type seen struct {
	at     time.Duration // since the start of the run
	method string
	url    string
	header http.Header
	body   string
}

// world is a fake network: a RoundTripper that answers from a function, and
// notes what it saw. It is safe for concurrent use.
type world struct {
	answer func(req *http.Request, nth int) answer // nth request to that URL, from 1

	mu      sync.Mutex // guards the fields below
	start   time.Time
	log     []seen
	nth     map[string]int
	flying  map[string]int
	highest map[string]int
}

func (w *world) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req.Body.Close()
	}
	w.mu.Lock()
	key := Origin(req.URL)
	w.nth[req.URL.String()]++
	nth := w.nth[req.URL.String()]
	w.log = append(w.log, seen{time.Since(w.start), req.Method, req.URL.String(), req.Header.Clone(), string(body)})
	w.flying[key]++
	w.highest[key] = max(w.highest[key], w.flying[key])
	w.mu.Unlock()
	landed := sync.OnceFunc(func() {
		w.mu.Lock()
		w.flying[key]--
		w.mu.Unlock()
	})

	a := w.answer(req, nth)
	timer := time.NewTimer(a.after)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-req.Context().Done():
		landed()
		return nil, req.Context().Err()
	}
	if a.err != nil {
		landed()
		return nil, a.err
	}
	if a.header == nil {
		a.header = http.Header{}
	}
	answer := io.Reader(strings.NewReader(a.body))
	if a.bodyErr != nil {
		answer = io.MultiReader(answer, failing{a.bodyErr})
	}
	return &http.Response{
		StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: a.header, Request: req,
		ContentLength: -1, Body: struct {
			io.Reader
			io.Closer
		}{answer, closer(landed)},
	}, nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type closer func()

func (c closer) Close() error { c(); return nil }

// times returns when requests came whose URL has the prefix.
func (w *world) times(prefix string) []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	var at []time.Duration
	for _, s := range w.log {
		if strings.HasPrefix(s.url, prefix) {
			at = append(at, s.at)
		}
	}
	return at
}

// options are what the flags default to, for tests to change.
type options struct {
	gate    GateConfig
	client  Config
	base    http.RoundTripper // instead of the world itself
	made    func(*Gate)
	jobs    int
	queue   int // the look-ahead window
	accept  func(int) bool
	method  string
	header  []task.Field
	body    []byte
	timeout time.Duration // of each task
	stop    context.Context
	sink    Sink
	found   *Found
	expect  *task.Expect
	class   func(seq int) asynccore.Priority
}

func defaults() options {
	retryOn, _ := task.ParseStatusSet("408,425,429,500,502,503,504,520-524")
	return options{
		gate: GateConfig{PerHost: 6, Failures: 5, Cooldown: time.Minute, Successes: 2, Retries: true, LongestWait: 5 * time.Minute},
		client: Config{
			UserAgent: "test", MaxRedirects: 10, RetryOn: retryOn,
			Retry: asynccore.RetryPolicy{Max: 3, Base: time.Second, Cap: 30 * time.Second, Factor: 2, MaxTime: 5 * time.Minute},
		},
		jobs:   32,
		queue:  10_000,
		accept: func(status int) bool { return status/100 == 2 },
		stop:   context.Background(),
		sink:   Discard,
		class:  func(int) asynccore.Priority { return asynccore.PriorityNormal },
	}
}

// run fetches urls through a Runner, as a batch does, and returns the records
// in the order of urls, with their outcomes.
func run(t *testing.T, o options, w *world, urls ...string) []task.Record {
	t.Helper()
	w.start = time.Now()
	w.nth, w.flying, w.highest = map[string]int{}, map[string]int{}, map[string]int{}
	gate := NewGate(o.gate)
	o.client.Gate, o.client.Base = gate, o.base
	if o.base == nil {
		o.client.Base = w
	}
	if o.made != nil {
		o.made(gate)
	}
	client := New(o.client)
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: o.jobs, Queue: o.queue, Admission: gate})
	gate.Bind(runner.Wake)
	records := make([]task.Record, len(urls))
	for i, raw := range urls {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		tk := &task.Task{Seq: int64(i), ID: fmt.Sprint(i), URLs: []string{raw}, Method: o.method, Header: o.header, Body: o.body, Timeout: o.timeout, Expect: o.expect}
		queued := time.Now()
		mark := gate.Mark(Origin(u))
		err = runner.Go(o.stop, asynccore.Job{Key: Origin(u), Priority: o.class(i)}, func(ctx context.Context) {
			rec := task.NewRecord(tk)
			err := client.Fetch(asynccore.WithSlot(context.WithoutCancel(ctx), asynccore.SlotFrom(ctx)), Exchange{
				Task: tk, URL: *u, Accept: o.accept, Sink: o.sink, Found: o.found, Queued: queued, Mark: mark, Stop: o.stop,
			}, &rec)
			rec.Duration = time.Since(queued)
			rec.Outcome = task.OK
			if err != nil {
				rec.Outcome, rec.Error = task.Failed, AsTaskError(err, rec.Attempts)
			}
			records[i] = rec
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := runner.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	return records
}

// checkTiming fails when the parts of a record's time do not add up.
func checkTiming(t *testing.T, r *task.Record) {
	t.Helper()
	parts := []time.Duration{r.Timing.Queue, r.Timing.Rate, r.Timing.Backoff, r.Timing.Breaker,
		r.Timing.DNS, r.Timing.Connect, r.Timing.TLS, r.Timing.FirstByte, r.Timing.Transfer}
	var sum time.Duration
	for _, part := range parts {
		if part != task.Unknown {
			sum += part
		}
	}
	if off := (r.Duration - sum).Abs(); off > time.Microsecond {
		t.Errorf("task %s: the parts %v add up to %v, not to %v", r.ID, parts, sum, r.Duration)
	}
}

func count(records []task.Record, outcome task.Outcome) int {
	n := 0
	for _, r := range records {
		if r.Outcome == outcome {
			n++
		}
	}
	return n
}

func repeat(n int, format string) []string {
	var urls []string
	for i := range n {
		urls = append(urls, fmt.Sprintf(format, i))
	}
	return slices.Clip(urls)
}
