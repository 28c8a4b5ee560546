package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/commands"
	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/task"
	"github.com/specify-cli/specify/internal/telemetry"
)

// startTelemetry starts what the OTEL_* variables ask for, which is nothing
// when none is set.
func startTelemetry(ctx context.Context, warnings io.Writer) (*telemetry.Telemetry, error) {
	t, err := telemetry.Start(ctx, telemetry.Config{
		Service: "specify", Version: commands.Version(),
		Redact:    func(u *url.URL) string { return task.RedactURL(u.String()) },
		ErrorType: func(err error) string { return string(httpx.Classify(err)) },
		ExitCode:  func(err error) int { return commands.Status(ctx, err) },
		Warn:      func(line string) { fmt.Fprintf(warnings, "specify: warning: %s\n", line) },
	})
	if err != nil {
		return nil, &ops.InputError{Err: err}
	}
	return t, nil
}

// endTelemetry flushes within its one second, and tells what was lost.
func endTelemetry(ctx context.Context, t *telemetry.Telemetry, warnings io.Writer) {
	lost, _ := t.Shutdown(ctx) // what went wrong was warned of; it never decides the exit status
	if lost.Spans > 0 {
		fmt.Fprintf(warnings, "specify: warning: %d spans did not reach the collector\n", lost.Spans)
	}
}

// taskSpan wraps each task in a span, whose ids go into its record.
func taskSpan(t *telemetry.Telemetry) ops.Span {
	return func(ctx context.Context, _ *task.Task) (context.Context, func(*task.Record)) {
		ctx, end := t.Task(ctx)
		return ctx, func(rec *task.Record) {
			rec.TraceID, rec.SpanID = telemetry.IDs(ctx)
			t.CountTask(string(rec.Outcome))
			e := telemetry.TaskEnd{Outcome: string(rec.Outcome)}
			if rec.Error != nil {
				e.ErrorType = string(rec.Error.Type)
			}
			end(e)
		}
	}
}

// operationSpan has no span for the one task of an operation: the record gets
// the ids of the operation's own.
func operationSpan(t *telemetry.Telemetry) ops.Span {
	return func(ctx context.Context, _ *task.Task) (context.Context, func(*task.Record)) {
		return ctx, func(rec *task.Record) {
			rec.TraceID, rec.SpanID = telemetry.IDs(ctx)
			t.CountTask(string(rec.Outcome))
		}
	}
}

// hooks tell what happens between attempts: as events and counts to telemetry,
// and to whoever asked with -v.
func hooks(t *telemetry.Telemetry, tell ops.Teller) httpx.Hooks {
	return httpx.Hooks{
		Retrying: func(ctx context.Context, e httpx.RetryEvent) {
			kind := string(httpx.Classify(e.Err))
			t.CountRetry(kind)
			t.Event(ctx, "retry", slog.Int("retry", e.Retry), slog.Duration("wait", e.Wait), slog.String("reason", e.Reason), slog.String("error.type", kind))
			tell.Detail("retry %d of %s in %v (%s): %v", e.Retry, e.URL, e.Wait.Round(time.Millisecond), e.Reason, e.Err)
		},
		Paused: func(origin string, until time.Time) {
			tell.Detail("%s paused for %v", origin, time.Until(until).Round(time.Millisecond))
		},
		Breaker: func(e httpx.BreakerEvent) {
			t.BreakerChange(e.To.String())
			switch {
			case e.GivenUp:
				tell.Warn("%s given up: it kept failing after the breaker's longest cooldown; its tasks fail with circuit_open", e.Origin)
			case e.To == asynccore.BreakerOpen:
				tell.Detail("breaker of %s opened, next try in %v", e.Origin, time.Until(e.RetryAt).Round(time.Millisecond))
			default:
				tell.Detail("breaker of %s is %v", e.Origin, e.To)
			}
		},
	}
}
