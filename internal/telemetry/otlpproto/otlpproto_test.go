package otlpproto_test

import (
	"context"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	metricscol "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	tracecol "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/telemetry/otlpproto"
)

// sink is a collector that keeps the last body it was sent.
type sink struct {
	*httptest.Server
	body []byte
}

func newSink(t *testing.T) *sink {
	s := &sink{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		if s.body, err = io.ReadAll(r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// same fails the test unless got is, field by field, what the official exporter
// has sent.
func same[M any, P interface {
	*M
	proto.Message
}](t rapid.TB, got, official []byte) {
	t.Helper()
	var g, want M
	if err := proto.Unmarshal(official, P(&want)); err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(got, P(&g)); err != nil {
		t.Fatalf("%v in %x", err, got)
	}
	if !proto.Equal(P(&want), P(&g)) {
		t.Errorf("(-official +ours):\n%s", cmp.Diff(prototext.Format(P(&want)), prototext.Format(P(&g))))
	}
}

// TestSpansAsTheOfficialExporter sends spans of all kinds both ways.
func TestSpansAsTheOfficialExporter(t *testing.T) {
	to := newSink(t)
	official, err := otlptracehttp.New(t.Context(), otlptracehttp.WithEndpointURL(to.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer official.Shutdown(context.Background())
	rapid.Check(t, func(t *rapid.T) {
		res := resource.NewWithAttributes(text.Draw(t, "schema"), attributes.Draw(t, "resource")...)
		scope := instrumentation.Scope{Name: rapid.StringN(1, 20, -1).Draw(t, "scope"), Version: text.Draw(t, "version"), SchemaURL: text.Draw(t, "scope's schema")}
		var stubs tracetest.SpanStubs
		for range rapid.IntRange(1, 3).Draw(t, "spans") {
			s := span(t)
			s.Resource, s.InstrumentationScope = res, scope
			stubs = append(stubs, s)
		}
		spans := stubs.Snapshots()
		if err := official.ExportSpans(context.Background(), spans); err != nil {
			t.Fatal(err)
		}
		same[tracecol.ExportTraceServiceRequest](t, otlpproto.AppendSpans(nil, spans), to.body)
	})
}

var (
	text       = rapid.OneOf(rapid.Just(""), rapid.StringN(0, 20, -1), rapid.StringN(100, 200, -1))
	attributes = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) attribute.KeyValue {
		key := attribute.Key(rapid.StringN(1, 10, -1).Draw(t, "key"))
		switch rapid.IntRange(0, 4).Draw(t, "type") {
		case 0:
			return key.Bool(rapid.Bool().Draw(t, "bool"))
		case 1:
			return key.Int64(rapid.Int64().Draw(t, "int"))
		case 2:
			return key.Float64(rapid.Float64().Draw(t, "float"))
		case 3:
			return key.StringSlice(rapid.SliceOfN(text, 0, 3).Draw(t, "list"))
		default:
			return key.String(text.Draw(t, "string"))
		}
	}), 0, 4)
	moments = rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(0, rapid.Int64Range(-1, math.MaxInt64).Draw(t, "time"))
	})
	dropped  = rapid.IntRange(0, 1000)
	contexts = rapid.Custom(func(t *rapid.T) trace.SpanContext {
		conf := trace.SpanContextConfig{
			TraceFlags: trace.TraceFlags(rapid.Byte().Draw(t, "flags")),
			Remote:     rapid.Bool().Draw(t, "remote"),
		}
		copy(conf.TraceID[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "trace id"))
		copy(conf.SpanID[:], rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "span id"))
		return trace.NewSpanContext(conf)
	})
)

func span(t *rapid.T) tracetest.SpanStub {
	state, err := trace.ParseTraceState(rapid.SampledFrom([]string{"", "a=1", "x=y,z=2"}).Draw(t, "state"))
	if err != nil {
		t.Fatal(err)
	}
	s := tracetest.SpanStub{
		Name:              text.Draw(t, "name"),
		SpanContext:       contexts.Draw(t, "context").WithTraceState(state),
		Parent:            contexts.Draw(t, "parent"),
		SpanKind:          trace.SpanKind(rapid.IntRange(0, 5).Draw(t, "kind")),
		StartTime:         moments.Draw(t, "start"),
		EndTime:           moments.Draw(t, "end"),
		Attributes:        attributes.Draw(t, "attributes"),
		DroppedAttributes: dropped.Draw(t, "dropped attributes"),
		DroppedEvents:     dropped.Draw(t, "dropped events"),
		DroppedLinks:      dropped.Draw(t, "dropped links"),
	}
	if rapid.Bool().Draw(t, "no parent") {
		s.Parent = trace.SpanContext{}
	}
	if rapid.Bool().Draw(t, "failed") {
		s.Status.Code = codes.Error
	}
	for range rapid.IntRange(0, 2).Draw(t, "events") {
		s.Events = append(s.Events, sdktrace.Event{
			Name: text.Draw(t, "event"), Time: moments.Draw(t, "at"),
			Attributes: attributes.Draw(t, "event's"), DroppedAttributeCount: dropped.Draw(t, "event's dropped"),
		})
	}
	for range rapid.IntRange(0, 2).Draw(t, "links") {
		s.Links = append(s.Links, sdktrace.Link{SpanContext: contexts.Draw(t, "link")})
	}
	return s
}

// TestMetricsAsTheOfficialExporter collects what was measured, in each form that
// it may be kept in, and sends it both ways.
func TestMetricsAsTheOfficialExporter(t *testing.T) {
	to := newSink(t)
	official, err := otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithEndpointURL(to.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer official.Shutdown(context.Background())
	rapid.Check(t, func(t *rapid.T) {
		opts := []sdkmetric.ManualReaderOption{sdkmetric.WithTemporalitySelector(
			rapid.SampledFrom([]sdkmetric.TemporalitySelector{sdkmetric.CumulativeTemporalitySelector, sdkmetric.DeltaTemporalitySelector}).Draw(t, "temporality"))}
		if rapid.Bool().Draw(t, "exponential") {
			exponential := sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 20, MaxScale: 20, NoMinMax: rapid.Bool().Draw(t, "no extremes")}
			opts = append(opts, sdkmetric.WithAggregationSelector(func(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
				if kind == sdkmetric.InstrumentKindHistogram {
					return exponential
				}
				return sdkmetric.DefaultAggregationSelector(kind)
			}))
		}
		reader := sdkmetric.NewManualReader(opts...)
		provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader),
			sdkmetric.WithResource(resource.NewWithAttributes(text.Draw(t, "schema"), attributes.Draw(t, "resource")...)))
		defer provider.Shutdown(context.Background())
		meter := provider.Meter("scope", metric.WithInstrumentationVersion("1"), metric.WithSchemaURL(text.Draw(t, "scope's schema")))
		measure(t, meter)
		var data metricdata.ResourceMetrics
		if err := reader.Collect(context.Background(), &data); err != nil {
			t.Fatal(err)
		}
		if err := official.Export(context.Background(), &data); err != nil {
			t.Fatal(err)
		}
		same[metricscol.ExportMetricsServiceRequest](t, otlpproto.AppendMetrics(nil, &data), to.body)
	})
}

// measure counts and records, within spans that become exemplars.
func measure(t *rapid.T, meter metric.Meter) {
	counter, err := meter.Int64Counter("counter", metric.WithUnit(text.Draw(t, "unit")), metric.WithDescription(text.Draw(t, "description")))
	if err != nil {
		t.Fatal(err)
	}
	histogram, err := meter.Float64Histogram("histogram", metric.WithExplicitBucketBoundaries(rapid.SampledFrom([][]float64{{}, {1, 2}, {0.5, 1, 2.5}}).Draw(t, "bounds")...))
	if err != nil {
		t.Fatal(err)
	}
	for range rapid.IntRange(0, 20).Draw(t, "measurements") {
		within := trace.ContextWithSpanContext(context.Background(), contexts.Draw(t, "within"))
		set := metric.WithAttributes(attribute.Int("set", rapid.IntRange(0, 2).Draw(t, "set")))
		counter.Add(within, rapid.Int64Range(0, 1<<40).Draw(t, "n"), set)
		histogram.Record(within, rapid.SampledFrom([]float64{0, 0.1, 1, 1.5, 3, -2, 1e9}).Draw(t, "v"), set)
	}
}

// TestTextsThatAreNotUTF8 shows that no text makes a batch that is refused whole.
func TestTextsThatAreNotUTF8(t *testing.T) {
	spans := tracetest.SpanStubs{{Name: "a\xffb", Attributes: []attribute.KeyValue{attribute.String("\xed\xa0\x80", "\xfe")}}}.Snapshots()
	var got tracecol.ExportTraceServiceRequest
	if err := proto.Unmarshal(otlpproto.AppendSpans(nil, spans), &got); err != nil {
		t.Fatal(err)
	}
	s := got.GetResourceSpans()[0].GetScopeSpans()[0].GetSpans()[0]
	if s.GetName() != "a\ufffdb" || s.GetAttributes()[0].GetValue().GetStringValue() != "\ufffd" {
		t.Errorf("got %v", s)
	}
}
