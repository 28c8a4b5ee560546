package telemetry

import (
	"context"
	"log/slog"
	"reflect"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Around puts an operation into a span of that name. An In or an Out with a
// method Attrs() []slog.Attr adds those to it. Whether t is on is asked when
// the operation runs.
func Around[In, Out any](t *Telemetry, name string, run func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (out Out, err error) {
		if t.off() {
			return run(ctx, in)
		}
		ctx, end := t.Observe(ctx, name)
		returned := false
		defer func() {
			t.describe(ctx, out)
			if !returned {
				err = errPanic // for the span alone: a panic has no results
			}
			end(err)
		}()
		t.describe(ctx, in)
		out, err = run(ctx, in)
		returned = true
		return out, err
	}
}

// Observe starts a span; end ends it. An error marks it failed and leaves its
// type in error.type, nothing of its text. Observe has the type of a hook:
// whoever takes one need not know this package.
func (t *Telemetry) Observe(ctx context.Context, name string) (_ context.Context, end func(error)) {
	if t.off() {
		return ctx, noEnd
	}
	ctx, span := t.tracer.Start(ctx, name)
	return ctx, func(err error) {
		t.fail(ctx, span, err)
		span.End()
	}
}

// Event adds an event to the span of ctx: queueing, backoff, a pause, a
// breaker that changed. It does nothing unless that span is recorded.
func (t *Telemetry) Event(ctx context.Context, name string, attrs ...slog.Attr) {
	if t.off() {
		return
	}
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.AddEvent(name, trace.WithAttributes(t.attributes(attrs)...))
	}
}

// IDs returns the ids of the span of ctx in lower-case hexadecimal, as a
// record has them; both are "" without a span of this process.
func IDs(ctx context.Context) (traceID, spanID string) {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() || sc.IsRemote() {
		return "", ""
	}
	return sc.TraceID().String(), sc.SpanID().String()
}

func noEnd(error) {}

// fail marks span failed if err is not nil.
func (t *Telemetry) fail(ctx context.Context, span trace.Span, err error) {
	if err == nil || !span.IsRecording() {
		return
	}
	span.SetAttributes(failed(span, t.errorType(ctx, err)))
}

// failed sets the status and returns error.type to go with it. The status gets
// no description: error texts hold URLs, and a URL may hold a secret.
func failed(span trace.Span, errorType string) attribute.KeyValue {
	span.SetStatus(codes.Error, "")
	return semconv.ErrorTypeKey.String(errorType)
}

// describe adds what v has to say about itself. A nil pointer, such as the
// result beside an error, has nothing to say.
func (t *Telemetry) describe(ctx context.Context, v any) {
	says, ok := v.(interface{ Attrs() []slog.Attr })
	if !ok {
		return
	}
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer && rv.IsNil() {
		return
	}
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.SetAttributes(t.attributes(says.Attrs())...)
	}
}
