package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/report"
	"github.com/specify-cli/specify/internal/task"
)

// What has more to say than a line of text does so here, with --log-format
// json. Each function reports whether that is asked for; w may be any writer.

// logRecord tells of a task that failed.
func logRecord(w io.Writer, rec *task.Record) bool {
	c, ok := w.(*Console)
	if !ok {
		return false
	}
	attrs := append(make([]slog.Attr, 0, 10), slog.String("id", report.InLog(rec.ID)))
	if rec.URL != "" {
		attrs = append(attrs, slog.String("url", report.InLog(rec.URL)))
	}
	attrs = append(attrs, slog.String("outcome", string(rec.Outcome)), slog.String("error_type", string(rec.Error.Type)))
	if rec.Status != 0 {
		attrs = append(attrs, slog.Int("status", rec.Status))
	}
	attrs = append(attrs, slog.Int("attempts", rec.Attempts), slog.Float64("duration", rec.Duration.Seconds()))
	if rec.TraceID != "" {
		attrs = append(attrs, slog.String("trace_id", rec.TraceID), slog.String("span_id", rec.SpanID))
	}
	return c.log(context.Background(), slog.LevelError, report.Failure(rec), attrs...)
}

// logSummary tells what the whole run amounts to.
func logSummary(w io.Writer, sum ops.Summary) bool {
	c, ok := w.(*Console)
	return ok && c.logHere(slog.LevelInfo, "the run has ended",
		slog.Int64("tasks", sum.Tasks), slog.Int64("ok", sum.OK), slog.Int64("not_modified", sum.NotModified),
		slog.Int64("failed", sum.Failed), slog.Int64("unfinished", sum.Unfinished), slog.Int64("skipped", sum.Skipped),
		slog.Int64("retries", sum.Retries), slog.Int64("bytes", sum.Bytes), slog.Float64("duration", sum.Elapsed.Seconds()))
}

// reportJSON tells what a command has ended with.
func reportJSON(w io.Writer, err error) bool {
	c, ok := w.(*Console)
	if !ok {
		return false
	}
	var attrs []slog.Attr
	if in, ok := errors.AsType[*ops.InputError](err); ok && in.Hint != "" {
		attrs = append(attrs, slog.String("hint", oneLine(in.Hint)))
	}
	if p, ok := errors.AsType[*asynccore.PanicError](err); ok {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	return c.logHere(slog.LevelError, err.Error(), attrs...)
}

// In returns a Teller for what concerns the task of ctx.
func (t *teller) In(ctx context.Context) ops.Teller { return taskTeller{t, ctx} }

type taskTeller struct {
	*teller
	ctx context.Context
}

// Warn tells what the user should know in any case.
func (t taskTeller) Warn(format string, args ...any) {
	if !t.log(slog.LevelWarn, format, args) {
		t.teller.Warn(format, args...)
	}
}

// Detail tells what -v asks for.
func (t taskTeller) Detail(format string, args ...any) {
	if t.c.verbose > 0 && !t.log(slog.LevelInfo, format, args) {
		t.teller.Detail(format, args...)
	}
}

func (t taskTeller) log(level slog.Level, format string, args []any) bool {
	c, ok := t.w.(*Console)
	return ok && c.log(t.ctx, level, fmt.Sprintf(format, args...))
}
