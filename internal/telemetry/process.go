package telemetry

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.opentelemetry.io/contrib/propagators/envcar"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Root returns ctx with the trace context that the environment carries in
// TRACEPARENT, TRACESTATE and BAGGAGE (or as OTEL_PROPAGATORS says): the
// parent of the first span. It is called once, before that. A TRACEPARENT
// whose sampled flag is off keeps the whole run unsampled under the default
// sampler.
func (t *Telemetry) Root(ctx context.Context) context.Context {
	if t.off() {
		return ctx
	}
	return t.propagator.Extract(ctx, &envcar.Carrier{})
}

// ChildEnv returns a copy of env in which a child process finds the span of
// ctx as its parent, and not ours. When t is off it returns env itself: the
// child then has the parent that we have.
func (t *Telemetry) ChildEnv(ctx context.Context, env []string) []string {
	if t.off() {
		return env
	}
	names := []string{"TRACEPARENT", "TRACESTATE", "BAGGAGE"}
	var carried []string
	t.propagator.Inject(ctx, &envcar.Carrier{SetEnvFunc: func(name, value string) {
		names = append(names, name)
		carried = append(carried, name+"="+value)
	}})
	child := make([]string, 0, len(env)+len(carried))
	for _, kv := range env {
		if name, _, _ := strings.Cut(kv, "="); !slices.Contains(names, name) {
			child = append(child, kv)
		}
	}
	return append(child, carried...)
}

// Exec starts the CLIENT span of a subprocess, after the conventions for CLI
// programs; name is the executable, of which the last element is kept. end
// ends it: pid is 0 for a process that did not start, exitCode below 0 for one
// that did not exit by itself. Its arguments are never asked for.
func (t *Telemetry) Exec(ctx context.Context, name string) (_ context.Context, end func(pid, exitCode int, err error)) {
	if t.off() {
		return ctx, noExecEnd
	}
	name = filepath.Base(name)
	ctx, span := t.tracer.Start(ctx, name, clientSpan...)
	if span.IsRecording() {
		span.SetAttributes(semconv.ProcessExecutableName(name))
	}
	return ctx, func(pid, exitCode int, err error) {
		if span.IsRecording() {
			t.exited(ctx, span, pid, exitCode, err)
		}
		span.End()
	}
}

// exited notes how a process ended, or that it never began.
func (t *Telemetry) exited(ctx context.Context, span trace.Span, pid, exitCode int, err error) {
	if pid > 0 {
		span.SetAttributes(semconv.ProcessPID(pid))
		if exitCode >= 0 {
			span.SetAttributes(semconv.ProcessExitCode(exitCode))
		}
	}
	switch {
	case err != nil:
		t.fail(ctx, span, err)
	case exitCode > 0:
		span.SetAttributes(failed(span, "exit"))
	case exitCode < 0:
		span.SetAttributes(failed(span, "signal"))
	}
}

func noExecEnd(int, int, error) {}

// executable is this program's own name.
func executable() string { return filepath.Base(os.Args[0]) }
