package telemetry_test

import (
	"bytes"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/specify-cli/specify/internal/telemetry"
	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

// TestFileSaysWhatTheCollectorGets exports the same spans in both ways, as
// protobuf to the collector and as JSON to the file: all kinds of spans,
// attributes, events and links must arrive alike.
func TestFileSaysWhatTheCollectorGets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "spans.json")
	r := newRun(t, telemetry.Config{TraceFile: file, Version: `1.0 "x"`}, "OTEL_METRICS_EXPORTER", "none",
		"OTEL_SPAN_EVENT_COUNT_LIMIT", "2", "OTEL_RESOURCE_ATTRIBUTES", "service.namespace=a\\b",
		"TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "TRACESTATE", "ci=1,x=y")
	ctx, endRun := r.Observe(r.Root(t.Context()), "ops.\"Bätch\"\n\x7f<>&")
	r.Planned(many)
	for _, failure := range []string{"", "503"} {
		ctx, end := r.Task(ctx, slog.String("s", "\u2028\t\"\\ä"), slog.Int64("i", math.MinInt64), slog.Bool("b", true),
			slog.Float64("f", 0.1), slog.Float64("tiny", 5e-324), slog.Float64("huge", math.MaxFloat64), slog.Float64("inf", math.Inf(-1)),
			slog.Any("list", []string{"x", "y\""}), slog.Any("empty", []string{}), slog.Duration("d", time.Second), slog.Uint64("u", math.MaxUint64))
		for range 3 { // one more than is kept
			r.Event(ctx, "retry", slog.Int("n", 7), slog.String("reason", ""))
		}
		_, endExec := r.Exec(ctx, "/bin/make")
		endExec(7, 1, errors.New("x"))
		client := &http.Client{Transport: r.Transport(roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 503, Proto: "HTTP/2.0", Body: http.NoBody}, nil
		}))}
		if _, err := client.Do(request(t, "PURGE", "http://h.example:8080/a?b=c").WithContext(ctx)); err != nil {
			t.Fatal(err)
		}
		end(telemetry.TaskEnd{Outcome: "ok", ErrorType: failure})
	}
	endRun(nil)
	r.finish()

	written, err := otlptest.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sent := r.receiver.Resources()
	if len(written) != 1 || len(sent) != 1 {
		t.Fatalf("%d resources in the file, %d at the collector; want 1", len(written), len(sent))
	}
	for _, rs := range []*tracepb.ResourceSpans{written[0], sent[0]} {
		slices.SortFunc(rs.ScopeSpans[0].Spans, func(a, b *tracepb.Span) int { return bytes.Compare(a.SpanId, b.SpanId) })
	}
	if n := len(sent[0].ScopeSpans[0].Spans); n != 7 {
		t.Errorf("%d spans, want 7", n)
	}
	if !proto.Equal(written[0], sent[0]) {
		t.Errorf("(-collector +file):\n%s", cmp.Diff(prototext.Format(sent[0]), prototext.Format(written[0])))
	}
}
