package telemetry_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/telemetry"
	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

// limit is what the contract allows, and what a busy machine with the race
// detector may add; without any bound it would be 10 s and more.
const limit = time.Second + 500*time.Millisecond

// spans ends n spans.
func (r *run) spans(n int) {
	for range n {
		_, end := r.Observe(context.Background(), "op")
		end(nil)
	}
}

// TestBadCollectors ends runs against collectors that misbehave, all at the
// same time, with a context that has been canceled.
func TestBadCollectors(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	const spans = 5000 // more than a batch
	var ending sync.WaitGroup
	for _, bad := range otlptest.Bad {
		r := newRun(t, telemetry.Config{}, "OTEL_EXPORTER_OTLP_ENDPOINT", bad.Start(t))
		r.spans(spans)
		r.CountTask("ok")
		ending.Go(func() {
			start := time.Now()
			lost, err := r.Shutdown(canceled)
			if took := time.Since(start); took > limit {
				t.Errorf("%s: shutdown took %v", bad.Name, took)
			}
			if want := (telemetry.Lost{Spans: spans, Ended: spans, Metrics: true}); lost != want {
				t.Errorf("%s: lost %+v (%v), want %+v", bad.Name, lost, err, want)
			}
		})
	}
	ending.Wait()
}

// TestOneWarningARun shows the one line that a person sees.
func TestOneWarningARun(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"refused", otlptest.Status(http.StatusUnauthorized), "traces export: failed to send to "},
		{"redirected", otlptest.Status(http.StatusFound, "Location", "http://127.0.0.1:1/"), "traces export: failed to send to "},
		{"echo", func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "\x1b[31m"+r.Header.Get("Authorization"), http.StatusBadRequest)
		}, "traces export: failed to send to "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRun(t, telemetry.Config{},
				"OTEL_EXPORTER_OTLP_HEADERS", "authorization=SECRET",
				"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10", "OTEL_METRICS_EXPORTER", "none")
			r.receiver.Script(tt.answer, tt.answer, tt.answer)
			r.spans(30)
			lost, err := r.Shutdown(t.Context())
			if lost.Spans != 30 || err == nil {
				t.Fatalf("lost %+v, error %v; want 30 spans and an error", lost, err)
			}
			if got := err.Error(); !strings.HasPrefix(got, tt.want) || strings.ContainsAny(got, "\x1b\n") || strings.Contains(got, "SECRET") {
				t.Errorf("warning %q, want one that begins with %q", got, tt.want)
			}
		})
	}
}

// TestCollectorInNeedOfPatience covers what a shutdown has the time for: a
// slow answer, and one that comes at the second try.
func TestCollectorInNeedOfPatience(t *testing.T) {
	later := func(w http.ResponseWriter, _ *http.Request) { time.Sleep(500 * time.Millisecond) }
	for name, answer := range map[string]http.HandlerFunc{
		"slow":                    later,
		"unavailable for a while": otlptest.Status(http.StatusServiceUnavailable),
	} {
		t.Run(name, func(t *testing.T) {
			r := newRun(t, telemetry.Config{}, "OTEL_METRICS_EXPORTER", "none")
			r.receiver.Script(answer)
			r.spans(10)
			r.finish()
		})
	}
}

// TestRejectedSpansAreLost counts partial successes, nonsense included.
func TestRejectedSpansAreLost(t *testing.T) {
	for rejected, want := range map[int64]int64{3: 3, 10: 10, 1 << 40: 10, -5: 0} {
		r := newRun(t, telemetry.Config{}, "OTEL_METRICS_EXPORTER", "none")
		r.receiver.Script(otlptest.Reject(rejected))
		r.spans(10)
		if lost, _ := r.Shutdown(t.Context()); lost.Spans != want {
			t.Errorf("%d of 10 rejected: lost %d, want %d", rejected, lost.Spans, want)
		}
	}
}

// TestRejectedInJSON counts partial successes that come as JSON, where the number
// is a string by the book, and a bare number from some.
func TestRejectedInJSON(t *testing.T) {
	for answer, want := range map[string]int64{
		`{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}`: 3,
		`{"partialSuccess":{"rejectedSpans":3}}`:                            3,
		`{"partialSuccess":{}}`:                                             0,
		`{}`:                                                                0,
		`nonsense`:                                                          0,
	} {
		r := newRun(t, telemetry.Config{}, "OTEL_METRICS_EXPORTER", "none", "OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
		r.receiver.Script(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			_, _ = io.WriteString(w, answer)
		})
		r.spans(10)
		lost, err := r.Shutdown(t.Context())
		if lost.Spans != want {
			t.Errorf("%s: lost %d, want %d", answer, lost.Spans, want)
		}
		if quiet := want == 0 && answer != "nonsense"; quiet != (err == nil) {
			t.Errorf("%s: warning %v", answer, err)
		}
	}
}

// TestOverflowIsCounted ends more spans than the queue holds while the
// collector does not answer: what is dropped is counted to the span.
func TestOverflowIsCounted(t *testing.T) {
	r := newRun(t, telemetry.Config{},
		"OTEL_BSP_MAX_QUEUE_SIZE", "20", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "5", "OTEL_METRICS_EXPORTER", "none")
	release := make(chan struct{})
	r.receiver.Script(func(w http.ResponseWriter, _ *http.Request) {
		<-release
		w.WriteHeader(http.StatusBadRequest)
	})
	const spans = 1000
	r.spans(spans)
	close(release)
	lost, _ := r.Shutdown(t.Context())
	arrived := int64(len(r.receiver.Spans()))
	if lost.Spans != spans-arrived || arrived == 0 || lost.Spans < spans/2 {
		t.Errorf("lost %d, arrived %d of %d", lost.Spans, arrived, spans)
	}
}

func TestShutdownTwice(t *testing.T) {
	r := newRun(t, telemetry.Config{}, "OTEL_METRICS_EXPORTER", "none")
	r.receiver.Script(otlptest.Reject(1))
	r.spans(1)
	first, err1 := r.Shutdown(t.Context())
	again, err2 := r.Shutdown(t.Context())
	if first != again || err1 != err2 || first.Spans != 1 {
		t.Errorf("first %+v (%v), again %+v (%v)", first, err1, again, err2)
	}
	r.spans(10) // after the end: nothing happens
}
