package telemetry_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/specify-cli/specify/internal/telemetry"
	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

// sums prints a counter's points by their one attribute.
func sums(m *metricspb.Metric, key string) map[string]int64 {
	points := make(map[string]int64)
	for _, p := range m.GetSum().GetDataPoints() {
		v, _ := otlptest.Attribute(p.GetAttributes(), key)
		points[v] = p.GetAsInt()
	}
	return points
}

func keys(kvs []*commonpb.KeyValue) []string {
	var ks []string
	for _, kv := range kvs {
		ks = append(ks, kv.GetKey())
	}
	slices.Sort(ks)
	return ks
}

// TestMetrics runs with metrics alone, so that no span is recorded, and looks
// at everything that is measured.
func TestMetrics(t *testing.T) {
	r := newRun(t, telemetry.Config{}, "OTEL_TRACES_EXPORTER", "none")
	for _, status := range []int{200, 200, 503} {
		resp, err := r.Transport(answer(status, io.NopCloser(strings.NewReader("x")))).RoundTrip(request(t, "GET", "https://h/"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	_, _ = r.Transport(roundTrip(func(*http.Request) (*http.Response, error) { return nil, typed("dns") })).RoundTrip(request(t, "GET", "https://h/"))
	r.CountRetry("503")
	r.CountRetry("503")
	r.CountTask("ok")
	r.CountTask("failed")
	r.BreakerChange("open")
	r.finish()

	if n := len(r.receiver.Spans()); n != 0 {
		t.Errorf("%d spans in spite of OTEL_TRACES_EXPORTER=none", n)
	}
	got := r.receiver.Metrics()
	if diff := cmp.Diff(map[string]int64{"503": 2}, sums(got["specify.retries"], "specify.retry.reason")); diff != "" {
		t.Errorf("retries: %s", diff)
	}
	if diff := cmp.Diff(map[string]int64{"ok": 1, "failed": 1}, sums(got["specify.tasks"], "specify.task.outcome")); diff != "" {
		t.Errorf("tasks: %s", diff)
	}
	if diff := cmp.Diff(map[string]int64{"open": 1}, sums(got["specify.breaker.changes"], "specify.breaker.state")); diff != "" {
		t.Errorf("breakers: %s", diff)
	}

	duration := got["http.client.request.duration"]
	if duration.GetUnit() != "s" {
		t.Errorf("unit %q, want s", duration.GetUnit())
	}
	counts := make(map[string]uint64)
	for _, p := range duration.GetHistogram().GetDataPoints() {
		if diff := cmp.Diff([]float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}, p.GetExplicitBounds()); diff != "" {
			t.Errorf("buckets: %s", diff)
		}
		counts[strings.Join(keys(p.GetAttributes()), " ")] += p.GetCount()
	}
	want := map[string]uint64{
		"http.request.method http.response.status_code network.protocol.version url.scheme":            2,
		"error.type http.request.method http.response.status_code network.protocol.version url.scheme": 1,
		"error.type http.request.method url.scheme":                                                    1,
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("durations by attributes (-want +got):\n%s", diff)
	}
}

// TestMetricsLost shows that a run whose last export of metrics fails says so.
func TestMetricsLost(t *testing.T) {
	r := newRun(t, telemetry.Config{}, "OTEL_TRACES_EXPORTER", "none")
	r.receiver.Script(otlptest.Status(http.StatusForbidden))
	r.CountTask("ok")
	if lost, err := r.Shutdown(t.Context()); lost != (telemetry.Lost{Metrics: true}) || err == nil {
		t.Errorf("lost %+v, error %v", lost, err)
	}
}
