package asynccore

import (
	"context"
	"errors"
	"sync"
)

// Task is the handle of a function that runs elsewhere: a job of a Runner
// (Submit), or a goroutine of its own (Background). It resolves exactly once.
// All methods may be called from any goroutine.
type Task[T any] struct {
	slot Slot // of its job; without a scope if it is no job
	own  ownContext
	fn   func(context.Context) (T, error) // until it was called

	mu        sync.Mutex    // guards the rest
	done      chan struct{} // made when somebody asks for it
	resolved  bool
	cancelled bool // by Cancel
	owed      bool // the Runner keeps err for Close
	result    Result[T]
}

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

// Background calls fn in a goroutine of its own, under a context derived from
// ctx. The caller sees to it that the task ends and waits for it. The slot of a
// job is not passed on: fn runs beside the job.
func Background[T any](ctx context.Context, fn func(context.Context) (T, error)) *Task[T] {
	t := &Task[T]{}
	ctx = t.own.context(context.WithValue(ctx, slotKey{}, (*Slot)(nil)))
	go func() { // the owner of t waits for it
		defer t.own.end(context.Canceled)
		t.call(ctx, fn)
	}()
	return t
}

// run is the body of the job.
func (t *Task[T]) run(s *Slot) {
	fn := t.fn
	t.fn = nil // the handle may be kept for long
	if s.started >= 0 && s.cause() == nil {
		t.call((*jobContext)(s), fn)
		return
	}
	var none T
	t.settle(none, s.cause())
}

func (t *Task[T]) call(ctx context.Context, fn func(context.Context) (T, error)) {
	guard(func() (T, error) { return fn(ctx) }, t.settle)
}

// settle resolves t.
func (t *Task[T]) settle(value T, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.result = Result[T]{Value: value, Err: err}
	t.resolved = true
	if err != nil && t.unexpected(err) {
		t.owed = true
		t.slot.scope.r.fail(&t.slot, err)
	}
	if t.done != nil {
		close(t.done)
	}
}

// Done returns a channel that is closed when t has resolved.
func (t *Task[T]) Done() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done == nil {
		t.done = make(chan struct{})
		if t.resolved {
			close(t.done)
		}
	}
	return t.done
}

// Result returns how t ended, and whether it has.
func (t *Task[T]) Result() (Result[T], bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.resolved && t.owed {
		t.owed = false
		t.slot.scope.r.forgive(&t.slot)
	}
	return t.result, t.resolved
}

// Wait returns how t ended, or context.Cause(ctx) if ctx ends before it has:
// that ends the wait, not the task. A job that waits for a task of its own
// Runner lends its slot meanwhile, so that jobs may wait for jobs at any depth.
// It holds the slot again when Wait returns, unless its context has ended.
func (t *Task[T]) Wait(ctx context.Context) (T, error) {
	if res, ok := t.Result(); ok {
		return res.Value, res.Err
	}
	resume := lendSlot(ctx, t.runner())
	var cause error
	select {
	case <-t.Done():
	case <-ctx.Done():
		cause = context.Cause(ctx)
	}
	_ = resume() // fails only if the context of the job has ended, as it will see
	res, ok := t.Result()
	if !ok {
		return res.Value, cause
	}
	return res.Value, res.Err
}

// Cancel ends t with cause (context.Canceled if nil). A task whose job has no
// slot yet is resolved when Cancel returns; otherwise its context ends, and it
// resolves to what fn makes of that.
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
