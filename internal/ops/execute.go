package ops

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/files"
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
	Mark(origin string) *httpx.Mark
	// Pauses tells which origins are held back.
	Pauses(now time.Time) httpx.Pauses
}

// Span wraps one task in a span: it returns the context to work under, and what
// to call with the finished record, into which it puts the ids of the span. A
// nil Span is none.
type Span func(ctx context.Context, t *task.Task) (context.Context, func(*task.Record))

// executor carries one task out, under the slot of its job.
type executor struct {
	fetcher  Fetcher
	commands *commands // nil where no task is a command
	span     Span
	accept   func(status int) bool
	header   bool // the header section goes to the output too
	unsafe   bool // a request that is not idempotent goes on to another mirror, too
	inline   Inline
	answer   *httpx.Answer // of the one task, where more is asked of it than the record holds; else nil

	shortage *shortage // what ends the run that the tasks are a part of; nil where there is one task
}

// admission is a task on its way from its line to its job. There are as many as
// the look-ahead window holds, so it is small.
type admission struct {
	task   *task.Task // nil while it waits as what plain says
	plain  plain
	origin string
	queued time.Time
	mark   *httpx.Mark
	slot   *asynccore.Slot // of its job, once that runs; nil: the one in the context
	none   files.None      // its output, where that keeps nothing
}

// admissions are for reuse. Whoever puts one back is its last user.
var admissions = sync.Pool{New: func() any { return new(admission) }}

func (o *origins) admit(t *task.Task, gate Gate) *admission {
	a := admissions.Get().(*admission)
	*a = admission{task: t, origin: o.lane(t), queued: time.Now()}
	if t.Exec == nil {
		a.mark = gate.Mark(a.origin)
	}
	return a
}

// origins finds the origin of a URL in its text, without taking it apart, and
// makes the URLs of one origin share its string. The zero value is ready to
// use, by one goroutine.
type origins struct{ prefix, origin string }

// lane returns where t stands in line.
func (o *origins) lane(t *task.Task) string {
	if t.Exec != nil {
		return commandLane
	}
	return o.of(t.URL())
}

// of returns what httpx.Origin would for any URL that can be fetched. For
// others it returns something, which no request is made with.
func (o *origins) of(raw string) string {
	if rest, ok := strings.CutPrefix(raw, o.prefix); ok && rest != "" && rest[0] == '/' && o.prefix != "" {
		return o.origin
	}
	_, rest, _ := strings.Cut(raw, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	prefix := raw[:len(raw)-len(rest)+end]
	if prefix != o.prefix {
		o.prefix, o.origin = strings.Clone(prefix), ""
		if u, err := ParseURL(o.prefix); err == nil {
			o.origin = httpx.Origin(&u)
		}
	}
	return o.origin
}

// run carries the task out and returns its record. stop is the run's context:
// when it ends, waits end and nothing is tried again, while ctx lets an attempt
// in flight go on.
func (x *executor) run(ctx, stop context.Context, a *admission, out files.Output) *task.Record {
	return x.runOn(ctx, stop, a, opened{Output: out})
}

// runOn is run with an output that may hold something already, or be needed
// more than once.
func (x *executor) runOn(ctx, stop context.Context, a *admission, out opened) *task.Record {
	rec := newRecord(a.task)
	rec.Start = a.queued
	end := func(*task.Record) {}
	if x.span != nil {
		ctx, end = x.span(ctx, a.task)
		defer func() {
			if rec.Outcome == "" { // a panic is on its way up: the span ends all the same
				rec.Outcome, rec.Error = task.Failed, bugError(nil)
				end(rec)
			}
		}()
	}
	err := x.attempt(ctx, stop, a, out, rec)
	rec.Duration = time.Since(a.queued)
	rec.Timing.Complete(rec.Duration)
	x.settle(rec, stop, err)
	end(rec)
	return rec
}

// records are for reuse: a record is half a kilobyte, and there is one a task.
// Who has handed a record on to the results may put it back.
var records = sync.Pool{New: func() any { return new(task.Record) }}

func newRecord(t *task.Task) *task.Record {
	rec := records.Get().(*task.Record)
	rec.Reset(t)
	return rec
}

// attempt fetches the task's URL or runs its command, and commits the output.
func (x *executor) attempt(ctx, stop context.Context, a *admission, out opened, rec *task.Record) error {
	out = x.around(out)
	switch {
	case a.task.Exec != nil:
		if a.slot != nil {
			ctx = asynccore.WithSlot(ctx, a.slot)
		}
		return commit(out, rec, x.commands.run(ctx, stop, a.task, out.Output, rec))
	case len(a.task.URLs) > 1:
		return x.fetchAny(ctx, stop, a, out, rec)
	}
	return commit(out, rec, x.fetch(ctx, stop, a, a.task.URL(), nil, out, rec))
}

// around lets what keeps bodies elsewhere see what is written to out.
func (x *executor) around(out opened) opened {
	out.Output = x.inline.around(cachedAround(x.fetcher, out.Output))
	return out
}

// commit makes the output final, or drops it for err. What is not as expected is
// nothing for a later run to go on with.
func commit(out opened, rec *task.Record, err error) error {
	putBody(out.Output, rec, err)
	if _, unmet := errors.AsType[*httpx.ExpectError](err); unmet {
		_ = out.Rewind(0) // where it cannot be, as on a pipe, nothing is kept
	}
	if err != nil {
		out.Abort()
		return err
	}
	rec.Output, err = out.Commit()
	return err
}

// fetch fetches one of the task's URLs: the first, or, where since tells when
// that was begun, another mirror.
func (x *executor) fetch(ctx, stop context.Context, a *admission, raw string, since *time.Time, out opened, rec *task.Record) error {
	u, err := ParseURL(raw)
	if err != nil {
		return &task.Error{Type: task.ErrInput, Message: err.Error(), Err: err}
	}
	spec := httpx.Exchange{
		Task: a.task, URL: u, Accept: x.accept, Sink: out.Output, Found: out.found, ShowHeader: x.header,
		Slot: a.slot, Since: since, Stop: stop, Refused: refusedBody(out.Output), Answer: x.answer,
	}
	if since == nil {
		spec.Origin, spec.Queued, spec.Mark = a.origin, a.queued, a.mark
	}
	return x.fetcher.Fetch(ctx, spec, rec)
}

// settle gives the record its outcome. What ended because the run was stopped
// is unfinished, whatever error that left.
func (x *executor) settle(rec *task.Record, stop context.Context, err error) {
	if err == nil {
		if rec.Outcome == "" { // else it is NotModified
			rec.Outcome = task.OK
		}
		return
	}
	if stop.Err() == nil || !errors.Is(err, context.Cause(stop)) {
		rec.Outcome = task.Failed
		rec.Error = httpx.AsTaskError(err, rec.Attempts)
		if x.shortage == nil || !hopeless(rec.Error) || x.shortage.first(rec.Error) {
			return
		}
	}
	rec.Outcome = task.Unfinished
	rec.Error = &task.Error{Type: task.ErrCanceled, Message: context.Cause(stop).Error(), Err: err}
}

// failedBefore is the record of a task that could not begin, or that a panic
// ended.
func (x *executor) failedBefore(t *task.Task, queued time.Time, stop context.Context, err error) *task.Record {
	rec := waited(t, queued)
	if p, ok := errors.AsType[*asynccore.PanicError](err); ok {
		rec.Outcome, rec.Error = task.Failed, bugError(p)
		return rec
	}
	x.settle(rec, stop, err)
	return rec
}

// unfinished is the record of a task that never got to its first attempt.
func unfinished(t *task.Task, queued time.Time, cause error) *task.Record {
	rec := waited(t, queued)
	rec.Outcome = task.Unfinished
	rec.Error = &task.Error{Type: task.ErrCanceled, Message: cause.Error(), Err: cause}
	return rec
}

// waited is the record of a task that has done nothing but wait since then.
func waited(t *task.Task, since time.Time) *task.Record {
	rec := newRecord(t)
	rec.Start, rec.Duration = since, time.Since(since)
	rec.Timing.Queue = rec.Duration
	return rec
}
