package telemetry

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// buckets are those of http.client.request.duration in the semantic
// conventions for HTTP metrics, in seconds.
var buckets = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

// CountRetry counts one attempt that is about to be repeated, by reason: a
// status or an error.type.
func (t *Telemetry) CountRetry(reason string) {
	if t.off() || t.meters == nil {
		return
	}
	t.meters.retries.Add(context.Background(), 1, t.meters.reasons.of(reason)...)
}

// CountTask counts one task by the outcome in its record.
func (t *Telemetry) CountTask(outcome string) {
	if t.off() || t.meters == nil {
		return
	}
	t.meters.tasks.Add(context.Background(), 1, t.meters.outcomes.of(outcome)...)
}

// BreakerChange counts one change of an origin's circuit breaker, by the state
// that it came to. Origins are not told apart: there may be 50,000.
func (t *Telemetry) BreakerChange(state string) {
	if t.off() || t.meters == nil {
		return
	}
	t.meters.breakers.Add(context.Background(), 1, t.meters.states.of(state)...)
}

// meters are the run's instruments, each with its sets of attributes: building
// a set for each measurement costs five times the measurement.
type meters struct {
	duration metric.Float64Histogram
	requests *sets[request, metric.RecordOption]
	retries  metric.Int64Counter
	reasons  *sets[string, metric.AddOption]
	breakers metric.Int64Counter
	states   *sets[string, metric.AddOption]
	tasks    metric.Int64Counter
	outcomes *sets[string, metric.AddOption]
}

func newMeters(m metric.Meter) (ms *meters, err error) {
	ms = &meters{
		requests: &sets[request, metric.RecordOption]{build: func(r request) []metric.RecordOption {
			return []metric.RecordOption{metric.WithAttributeSet(r.set())}
		}},
		reasons:  oneKey("specify.retry.reason"),
		states:   oneKey("specify.breaker.state"),
		outcomes: oneKey("specify.task.outcome"),
	}
	ms.duration, err = m.Float64Histogram("http.client.request.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of HTTP client requests."), metric.WithExplicitBucketBoundaries(buckets...))
	count := func(name, unit, description string) (c metric.Int64Counter) {
		if err == nil {
			c, err = m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
		}
		return c
	}
	ms.retries = count("specify.retries", "{retry}", "Attempts that were repeated, by reason.")
	ms.breakers = count("specify.breaker.changes", "{change}", "Changes of circuit breakers, by the new state.")
	ms.tasks = count("specify.tasks", "{task}", "Tasks, by outcome.")
	return ms, err
}

// metricExporter sends metrics to a collector. It notes whether the last export
// failed, and gives up with life.
type metricExporter struct {
	collector   *collector
	life        context.Context
	failed      *atomic.Bool
	temporality sdkmetric.TemporalitySelector
	aggregation sdkmetric.AggregationSelector
}

var _ sdkmetric.Exporter = (*metricExporter)(nil)

// Temporality is as readTemporality says.
func (e *metricExporter) Temporality(kind sdkmetric.InstrumentKind) metricdata.Temporality {
	return e.temporality(kind)
}

// Aggregation is as readAggregation says.
func (e *metricExporter) Aggregation(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return e.aggregation(kind)
}

// Export sends the state of all metrics; a later success makes up for an
// earlier failure, as sums are cumulative by default.
func (e *metricExporter) Export(ctx context.Context, data *metricdata.ResourceMetrics) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.life, cancel)()
	e.failed.Store(true) // until it is known, which may be after the end of the run
	err := e.collector.sendMetrics(ctx, data)
	e.failed.Store(err != nil)
	return err
}

// ForceFlush does nothing: what is exported is sent.
func (e *metricExporter) ForceFlush(context.Context) error { return nil }

// Shutdown does nothing: there is no connection between two exports.
func (e *metricExporter) Shutdown(context.Context) error { return nil }
