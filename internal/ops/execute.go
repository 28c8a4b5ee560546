package ops

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/task"
)

// Fetcher is all that operations need of HTTP.
type Fetcher interface {
	Fetch(ctx context.Context, spec httpx.Exchange, rec *task.Record) error
}

// Gate decides which origins may be sent to, and knows why they may not.
type Gate interface {
	asynccore.Admission
	// Bind says whom to tell that a lane is worth asking about again.
	Bind(wake func(key string))
	Held(origin string, now time.Time) httpx.Held
}

// Output takes the body of one task. Exactly one of Commit and Abort ends it.
type Output interface {
	httpx.Sink
	// Commit makes the output final; it is nil for one that leaves no file.
	Commit() (*task.Output, error)
	// Abort leaves nothing behind.
	Abort()
}

// Span wraps one task in a span: it returns the context to work under, and what
// to call with the finished record, into which it puts the ids of the span. A
// nil Span is none.
type Span func(ctx context.Context, t *task.Task) (context.Context, func(*task.Record))

// executor carries one task out, under the slot of its job.
type executor struct {
	fetcher Fetcher
	span    Span
	accept  task.StatusSet
	header  bool // the header section goes to the output too
}

// admission is a task on its way from its line to its job.
type admission struct {
	task   *task.Task
	url    *url.URL
	origin string
	queued time.Time
	held   httpx.Held
}

func admit(t *task.Task, gate Gate) (*admission, error) {
	u, err := ParseURL(t.URL())
	if err != nil {
		return nil, err
	}
	a := &admission{task: t, url: u, origin: httpx.Origin(u), queued: time.Now()}
	a.held = gate.Held(a.origin, a.queued)
	return a, nil
}

// run carries the task out and returns its record. stop is the run's context:
// when it ends, waits end and nothing is tried again, while ctx lets an attempt
// in flight go on.
func (x *executor) run(ctx, stop context.Context, a *admission, out Output) *task.Record {
	rec := task.NewRecord(a.task)
	rec.Start = a.queued
	end := func(*task.Record) {}
	if x.span != nil {
		ctx, end = x.span(ctx, a.task)
	}
	err := x.attempt(ctx, stop, a, out, &rec)
	rec.Duration = time.Since(a.queued)
	settle(&rec, stop, err)
	end(&rec)
	return &rec
}

func (x *executor) attempt(ctx, stop context.Context, a *admission, out Output, rec *task.Record) error {
	err := x.fetcher.Fetch(ctx, httpx.Exchange{
		Task: a.task, URL: a.url, Accept: x.accept.Has, Sink: out, ShowHeader: x.header,
		Queued: a.queued, Held: a.held, Stop: stop,
	}, rec)
	if err != nil {
		out.Abort()
		return err
	}
	began := time.Now()
	rec.Output, err = out.Commit()
	rec.Timing.Transfer = max(0, rec.Timing.Transfer) + time.Since(began)
	if err != nil {
		return &task.Error{Type: task.ErrOutput, Message: err.Error(), Err: err}
	}
	return nil
}

// settle gives the record its outcome. What ended because the run was stopped
// is unfinished, whatever error that left.
func settle(rec *task.Record, stop context.Context, err error) {
	switch {
	case err == nil:
		rec.Outcome = task.OK
	case stop.Err() != nil && errors.Is(err, context.Cause(stop)):
		rec.Outcome = task.Unfinished
		rec.Error = &task.Error{Type: task.ErrCanceled, Message: context.Cause(stop).Error(), Err: err}
	default:
		rec.Outcome = task.Failed
		rec.Error = httpx.AsTaskError(err, rec.Attempts)
	}
}

// unfinished is the record of a task that never got to its first attempt.
func unfinished(t *task.Task, queued time.Time, cause error) *task.Record {
	rec := task.NewRecord(t)
	rec.Start, rec.Outcome = queued, task.Unfinished
	rec.Duration = time.Since(queued)
	rec.Timing.Queue = rec.Duration
	rec.Error = &task.Error{Type: task.ErrCanceled, Message: cause.Error(), Err: cause}
	return &rec
}
