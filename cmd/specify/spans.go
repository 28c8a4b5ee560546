package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/commands"
	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/report"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/task"
	"github.com/specify-cli/specify/internal/telemetry"
)

// traced starts what the OTEL_* variables and the flags ask for, which is
// nothing when there are none, and runs the command in its span. run is the
// context of the whole program, whose end decides the exit code, and takeSignals
// makes them end it: not before, because that is 3 % of the time of --version.
func traced(run context.Context, takeSignals func(), t *telemetry.Telemetry) func(*cobra.Command, commands.Tracing, func() error) error {
	return func(cmd *cobra.Command, asked commands.Tracing, do func() error) error {
		takeSignals()
		err := t.Start(cmd.Context(), telemetry.Config{
			Service: "specify", Version: commands.Version(), TraceFile: asked.File, Propagate: asked.Propagate,
			Redact:    func(u *url.URL) string { return task.RedactURL(u.String()) },
			ErrorType: func(err error) string { return string(httpx.Classify(err)) },
			ExitCode:  func(err error) int { return commands.Status(run, err) },
		})
		switch {
		case is[*telemetry.FileError](err):
			return &ops.LocalError{Err: err}
		case err != nil:
			return &ops.InputError{Err: err}
		case t.On():
			collectAt(gcPercentMuch)
		}
		return t.Command(cmd, do)
	}
}

// endTelemetry flushes within its one second, and tells in one line what was
// lost and why. It never decides the exit status.
func endTelemetry(ctx context.Context, t *telemetry.Telemetry, w io.Writer) {
	lost, err := t.Shutdown(ctx)
	switch what := lost.String(); {
	case what != "" && err != nil:
		fmt.Fprintf(w, "specify: warning: telemetry: %s: %s\n", what, report.InLog(err.Error()))
	case what != "":
		fmt.Fprintf(w, "specify: warning: telemetry: %s\n", what)
	case err != nil:
		fmt.Fprintf(w, "specify: warning: telemetry: %s\n", report.InLog(err.Error()))
	}
}

// told makes the span of an operation that of the lines on standard error.
func told[In, Out any](console *commands.Console, run func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		console.Within(ctx)
		return run(ctx, in)
	}
}

// planned tells telemetry how many tasks a batch has.
func planned(t *telemetry.Telemetry, run func(context.Context, ops.BatchRequest) (ops.Summary, error)) func(context.Context, ops.BatchRequest) (ops.Summary, error) {
	return func(ctx context.Context, req ops.BatchRequest) (ops.Summary, error) {
		req.Watcher = planner{req.Watcher, t}
		return run(ctx, req)
	}
}

type planner struct {
	ops.Watcher
	spans *telemetry.Telemetry
}

func (p planner) Planned(total int64, now func() ops.Progress) {
	p.spans.Planned(total)
	p.Watcher.Planned(total, now)
}

// taskSpan wraps each task in a span, whose ids go into its record.
func taskSpan(t *telemetry.Telemetry) ops.Span {
	return func(ctx context.Context, _ *task.Task) (context.Context, func(*task.Record)) {
		if !t.On() {
			return ctx, noSpan
		}
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

func noSpan(*task.Record) {}

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

// tellerIn is tell for the task of ctx, if it makes a difference.
func tellerIn(ctx context.Context, tell ops.Teller) ops.Teller {
	if t, ok := tell.(interface {
		In(context.Context) ops.Teller
	}); ok {
		return t.In(ctx)
	}
	return tell
}

// hooks tell what happens between attempts: as events and counts to telemetry,
// and to whoever asked with -v.
func hooks(t *telemetry.Telemetry, tell ops.Teller) httpx.Hooks {
	return httpx.Hooks{
		Retrying: func(ctx context.Context, e httpx.RetryEvent) {
			kind := string(httpx.Classify(e.Err))
			t.CountRetry(kind)
			t.Event(ctx, "retry", slog.Int("retry", e.Retry), slog.Duration("wait", e.Wait), slog.String("reason", e.Reason), slog.String("error.type", kind))
			tellerIn(ctx, tell).Detail("retry %d of %s in %v (%s): %v", e.Retry, e.URL, e.Wait.Round(time.Millisecond), e.Reason, e.Err)
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
