package telemetry

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/contrib/propagators/autoprop"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// scope names this program's tracer and meter.
const scope = "github.com/specify-cli/specify"

// Measured: with these, 24,000 spans a second reach a collector that takes
// 50 ms an export, all of them; with the SDK's 2048 and 512 most are lost. A
// full queue takes about 55 MB. OTEL_BSP_MAX_QUEUE_SIZE and OTEL_BSP_MAX_EXPORT_BATCH_SIZE win.
const (
	queueSize = 32_768
	batchSize = 4096
)

// Telemetry is a run's tracing and metrics. A nil or zero *Telemetry is off:
// all methods work and do nothing. Start turns it on and Shutdown ends it.
// Around may wrap before that, while the program is put together, since what it
// wraps asks again when it runs; no method may be called while Start runs. From
// then on all are safe for concurrent use.
type Telemetry struct {
	conf       Config
	tracer     trace.Tracer // nil when off
	propagator propagation.TextMapPropagator
	trusted    []string               // host globs, lower case
	meters     *meters                // nil without metrics
	room       atomic.Int64           // tasks that may still begin in the run's own trace
	linked     atomic.Pointer[linked] // of the latest run with too many tasks

	warn      warner
	stop      context.CancelFunc // ends every export at once
	spans     *sdktrace.TracerProvider
	metrics   *sdkmetric.MeterProvider
	collector *pipe       // nil without spans to a collector
	file      *traceFile  // nil without one
	unsent    atomic.Bool // the last export of metrics has not succeeded

	ending sync.Once
	lost   Lost
	err    error
}

// On reports that something is exported, since Start. Who makes something for
// each task asks first.
func (t *Telemetry) On() bool { return !t.off() }

// off reports that nothing is exported.
func (t *Telemetry) off() bool { return t == nil || t.tracer == nil }

// Start reads the OTEL_* variables and starts what they and conf ask for, once.
// When that is nothing, or OTEL_SDK_DISABLED is true, t stays off. An error
// names the variable that cannot be followed or is a *FileError; nothing is
// running then, and t is off.
//
// With Config.Propagate alone nothing is exported, and the trace that Root
// finds in the environment is handed on as it is.
//
// Start takes over the process's OpenTelemetry error handler and logger, and
// no other global: there is one Telemetry at a time.
func (t *Telemetry) Start(ctx context.Context, conf Config) error {
	if sdkDisabled() {
		return nil
	}
	traces, err := readSignal("TRACES")
	if err != nil {
		return err
	}
	metrics, err := readSignal("METRICS")
	if err != nil {
		return err
	}
	trusted := hostGlobs(conf.Propagate)
	if !traces.wanted && !metrics.wanted && conf.TraceFile == "" && trusted == nil {
		return nil
	}

	life, stop := context.WithCancel(context.Background())
	t.conf, t.stop, t.trusted = conf.withDefaults(), stop, trusted
	t.room.Store(runTasks)
	t.warn.listen()
	t.propagator = autoprop.NewTextMapPropagator()
	if err := t.start(ctx, life, traces, metrics); err != nil {
		_, _ = t.Shutdown(ctx)
		return err
	}
	t.tracer = noop.NewTracerProvider().Tracer(scope)
	if t.spans != nil {
		t.tracer = t.spans.Tracer(scope, trace.WithInstrumentationVersion(conf.Version), trace.WithSchemaURL(semconv.SchemaURL))
	}
	return nil
}

// start builds the providers that are wanted.
func (t *Telemetry) start(ctx, life context.Context, traces, metrics signal) error {
	about, err := t.about(ctx)
	if err != nil {
		t.warn.Handle(err)
	}
	if err := t.startSpans(life, traces, about); err != nil {
		return err
	}
	if !metrics.wanted {
		return nil
	}
	return t.startMetrics(life, metrics, about)
}

// startMetrics builds the meter provider and the instruments.
func (t *Telemetry) startMetrics(life context.Context, s signal, about *resource.Resource) error {
	t.warn.Handle(s.odd)
	exporter := &metricExporter{collector: newCollector(s, t.conf.Version), life: life, failed: &t.unsent}
	var odd error
	exporter.temporality, odd = readTemporality()
	t.warn.Handle(odd)
	exporter.aggregation, odd = readAggregation()
	t.warn.Handle(odd)
	t.metrics = sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter)), sdkmetric.WithResource(about))
	var err error
	t.meters, err = newMeters(t.metrics.Meter(scope))
	return err
}

// startSpans builds the pipes and the tracer provider over them.
func (t *Telemetry) startSpans(life context.Context, s signal, about *resource.Resource) error {
	var pipes fan
	if t.conf.TraceFile != "" {
		file, err := openTraceFile(life, t.conf.TraceFile, t.warn.Handle)
		if err != nil {
			return err
		}
		t.file = file
		pipes = append(pipes, file)
	}
	if s.wanted {
		t.warn.Handle(s.odd)
		var opts []sdktrace.BatchSpanProcessorOption
		if lookup("OTEL_BSP_MAX_QUEUE_SIZE") == "" && lookup("OTEL_BSP_MAX_EXPORT_BATCH_SIZE") == "" {
			opts = append(opts, sdktrace.WithMaxQueueSize(queueSize), sdktrace.WithMaxExportBatchSize(batchSize))
		}
		t.collector = newPipe(life, newCollector(s, t.conf.Version), opts...)
		pipes = append(pipes, t.collector)
	}
	if pipes == nil {
		return nil
	}

	sampler, onTrial, err := readSampler()
	if err != nil {
		t.warn.Handle(err)
	}
	var processor sdktrace.SpanProcessor = pipes
	if onTrial {
		processor = newKeep(pipes, t.conf.Slow)
	}
	t.spans = sdktrace.NewTracerProvider(
		sdktrace.WithResource(about),
		sdktrace.WithSampler(sampler),
		sdktrace.WithSpanProcessor(processor),
	)
	return nil
}

// about describes the process: what the SDK's default says but its name for
// an unknown service, and an instance id, which keeps the counters of two runs
// at the same time apart. The command line stays out. The environment comes
// last, so it wins.
func (t *Telemetry) about(ctx context.Context) (*resource.Resource, error) {
	return resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(
			semconv.ServiceName(t.conf.Service),
			semconv.ServiceVersion(t.conf.Version),
			semconv.ServiceInstanceID(strings.ToLower(rand.Text())),
		),
		resource.WithFromEnv(),
	)
}
