package telemetry

import (
	"context"
	"log/slog"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// TaskEnd is how a task ended, in the words of its record.
type TaskEnd struct {
	Outcome   string      // specify.task.outcome
	ErrorType string      // error.type; anything but "" marks the span failed
	Attrs     []slog.Attr // whatever else there is to say
}

// runTasks is how many tasks the run's own trace takes. Each further task gets a
// trace of its own, linked to the run's span: one trace with a million children
// is of no use to any backend, and a sampling ratio takes or leaves it as a
// whole.
const runTasks = 1000

// Planned tells how many tasks the run has. When they are too many for one
// trace, each of them gets its own. A run whose number is not known, -1, begins
// in one trace; the tasks that are too many for it get their own.
func (t *Telemetry) Planned(total int64) {
	if !t.off() && total > runTasks {
		t.room.Store(0)
	}
}

// Task starts the span of a task, and with it the count of what the task
// sends: from the second request on, whether retry, redirect or mirror, an
// attempt's span has http.request.resend_count.
func (t *Telemetry) Task(ctx context.Context, attrs ...slog.Attr) (_ context.Context, end func(TaskEnd)) {
	if t.off() {
		return ctx, noTaskEnd
	}
	var opts []trace.SpanStartOption
	// A run that is not recorded was left out by its caller's trace: a new
	// root would not know.
	if t.room.Add(-1) < 0 && trace.SpanFromContext(ctx).IsRecording() {
		opts = t.ownTrace(ctx)
	}
	ctx, span := t.tracer.Start(&taskContext{Context: ctx}, "task", opts...)
	if len(attrs) > 0 && span.IsRecording() {
		span.SetAttributes(t.attributes(attrs)...)
	}
	return ctx, func(how TaskEnd) {
		if span.IsRecording() {
			room := attributeRoom.Get().(*[]attribute.KeyValue)
			kvs := append((*room)[:0], attribute.String("specify.task.outcome", how.Outcome))
			kvs = t.appendAttributes(kvs, "", how.Attrs)
			if how.ErrorType != "" {
				kvs = append(kvs, failed(span, how.ErrorType))
			}
			span.SetAttributes(kvs...) // once: it copies
			*room = kvs
			attributeRoom.Put(room)
		}
		span.End()
	}
}

func noTaskEnd(TaskEnd) {}

// linked are the options of a span that has a trace of its own and a link to a
// run's span.
type linked struct {
	run  trace.SpanContext
	opts []trace.SpanStartOption
}

// ownTrace returns those for the run of ctx, which is nearly always the same.
func (t *Telemetry) ownTrace(ctx context.Context) []trace.SpanStartOption {
	link := trace.LinkFromContext(ctx)
	l := t.linked.Load()
	if l == nil || !l.run.Equal(link.SpanContext) {
		l = &linked{link.SpanContext, []trace.SpanStartOption{trace.WithNewRoot(), trace.WithLinks(link)}}
		t.linked.Store(l)
	}
	return l.opts
}

// task is what the wrappers below a task share, in its context.
type task struct {
	sends atomic.Int64
	trial *trial // keep's, which guards it
}

// taskContext is a context with its task, in one piece.
type taskContext struct {
	context.Context
	task task
}

// Value finds the task.
func (c *taskContext) Value(key any) any {
	if key == (taskKey{}) {
		return &c.task
	}
	return c.Context.Value(key)
}

type taskKey struct{}

// taskFrom returns nil outside a task.
func taskFrom(ctx context.Context) *task {
	t, _ := ctx.Value(taskKey{}).(*task)
	return t
}

// resend returns how many requests the task has sent before this one, 0
// outside a task.
func resend(ctx context.Context) int64 {
	if t := taskFrom(ctx); t != nil {
		return t.sends.Add(1) - 1
	}
	return 0
}
