package asynccore

import (
	"context"
	"errors"
)

// Submit submits fn to r as Runner.Go does. The task resolves to what fn
// returns, to a *PanicError if it panics, and to ErrGoexit if it ends with
// runtime.Goexit. When the job ends before it has a slot, fn is not called, and
// the task resolves to what ended it: context.Cause of ctx, the cause of
// Runner.Stop or Cancel, or *TimeoutError{Op: "queue wait"}.
func Submit[T any](ctx context.Context, r *Runner, j Job, fn func(context.Context) (T, error)) (*Task[T], error) {
	return submitTask(ctx, r, j, fn, true)
}

// TrySubmit is Submit, except that it returns ErrQueueFull where Submit would
// block.
func TrySubmit[T any](ctx context.Context, r *Runner, j Job, fn func(context.Context) (T, error)) (*Task[T], error) {
	return submitTask(ctx, r, j, fn, false)
}

func submitTask[T any](ctx context.Context, r *Runner, j Job, fn func(context.Context) (T, error), wait bool) (*Task[T], error) {
	t := &Task[T]{fn: fn}
	t.slot.own = &t.own
	if err := r.submit(ctx, j, &t.slot, t, wait); err != nil {
		return nil, err
	}
	return t, nil
}

// run is the body of the job.
func (t *Task[T]) run(s *Slot) {
	fn := t.fn
	t.fn = nil // the handle may be kept for long
	cause := s.cause()
	if cause == nil {
		t.call((*jobContext)(s), fn)
		return
	}
	var none T // doomed, or cancelled on the way to its slot
	t.settle(none, cause)
}

// Cancel ends t with cause (context.Canceled if nil). A task whose job is still
// queued resolves to it before Cancel returns; otherwise its context ends, and
// it resolves to what fn makes of that.
func (t *Task[T]) Cancel(cause error) {
	if cause == nil {
		cause = context.Canceled
	}
	t.mu.Lock()
	t.cancelled = true
	t.mu.Unlock()
	t.own.end(cause)
	if r := t.runner(); r != nil && r.withdraw(&t.slot) {
		t.fn = nil
		var none T
		t.settle(none, cause)
		r.withdrawn(&t.slot)
	}
}

// runner returns the Runner that t is a job of, nil if it is none.
func (t *Task[T]) runner() *Runner {
	if t.slot.scope == nil {
		return nil
	}
	return t.slot.scope.r
}

// unexpected reports whether err is a failure that somebody should hear of
// before the Runner is gone. The caller holds t.mu.
func (t *Task[T]) unexpected(err error) bool {
	if t.runner() == nil {
		return false
	}
	if _, panicked := errors.AsType[*PanicError](err); panicked {
		return true
	}
	return !t.cancelled && t.slot.scope.ctx.Err() == nil
}
