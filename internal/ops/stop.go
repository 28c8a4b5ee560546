package ops

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/task"
)

// Grace is how long attempts in flight may go on after a run was told to stop.
const Grace = 5 * time.Second

// ErrDeadline is the cause of a run's end at --deadline.
var ErrDeadline = errors.New("the run's deadline was reached")

// ErrFailEarly is the cause of a run's end at its first failed task.
var ErrFailEarly = errors.New("a task failed, and --fail-early was given")

// withDeadline is ctx with an end at deadline, if that is not zero, whose cause
// is ErrDeadline.
func withDeadline(ctx context.Context, deadline time.Time) (context.Context, context.CancelCauseFunc) {
	if deadline.IsZero() {
		return context.WithCancelCause(ctx)
	}
	ctx, cancelTimer := context.WithDeadlineCause(ctx, deadline, ErrDeadline)
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, func(cause error) {
		cancel(cause)
		cancelTimer()
	}
}

// inFlight returns the context for what is on the wire: it has the values of
// ctx and ends Grace after it, with its cause, or with cut. release must be
// called when nothing is in flight any more.
func inFlight(ctx context.Context) (wire context.Context, cut context.CancelCauseFunc, release func()) {
	wire, cut = context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(Grace, func() { cut(context.Cause(ctx)) })
		context.AfterFunc(wire, func() { timer.Stop() })
	})
	return wire, cut, func() {
		stop()
		cut(nil)
	}
}

// shortage ends a run for which nothing can be written any more. Of the tasks
// that find it out, which may be all that are in flight, one fails and tells of
// it; the others are unfinished like those that have not begun.
type shortage struct {
	end  context.CancelCauseFunc // of the run
	once sync.Once
}

// first reports whether the caller is the one to tell.
func (s *shortage) first(err *task.Error) (first bool) {
	s.once.Do(func() {
		first = true
		s.end(&LocalError{err})
	})
	return first
}

// hopeless reports an error that every further output would meet as well.
func hopeless(err *task.Error) bool {
	failed, ok := errors.AsType[*files.OutputError](err)
	return ok && failed.All
}
