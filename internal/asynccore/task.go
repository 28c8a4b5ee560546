package asynccore

import (
	"context"
	"sync"
	"sync/atomic"
)

// Task is the handle of a function that runs elsewhere: a job of a Runner
// (Submit), or a goroutine of its own (Background). It resolves exactly once. It
// is safe for concurrent use.
type Task[T any] struct {
	slot Slot // of its job; without a scope if it is no job
	own  ownContext
	fn   func(context.Context) (T, error) // until it was called

	// A lock for these two cost 30 ns of the 350 of a task.
	result Result[T]                // set before done is resolved
	done   atomic.Pointer[doneChan] // nil until somebody asks for it or t has resolved

	mu        sync.Mutex // guards the rest
	cancelled bool       // by Cancel
	owed      bool       // the Runner keeps result.Err for Close
}

// A doneChan is closed when a task has resolved.
type doneChan struct{ c chan struct{} }

// resolved is the doneChan of all tasks that have resolved.
var resolved = func() *doneChan {
	c := make(chan struct{})
	close(c)
	return &doneChan{c}
}()

// Background calls fn in a goroutine of its own, under a context derived from
// ctx. The caller sees to it that the task ends and waits for it. The slot of a
// job is not passed on: fn runs beside the job.
func Background[T any](ctx context.Context, fn func(context.Context) (T, error)) *Task[T] {
	t := &Task[T]{}
	ctx = t.own.context(context.WithValue(ctx, slotKey{}, (*Slot)(nil)))
	go func() { // the owner of t waits for it
		defer t.own.endWithJob()
		t.call(ctx, fn)
	}()
	return t
}

func (t *Task[T]) call(ctx context.Context, fn func(context.Context) (T, error)) {
	guard(func() (T, error) { return fn(ctx) }, t.settle)
}

// settle resolves t.
func (t *Task[T]) settle(value T, err error) {
	t.result = Result[T]{Value: value, Err: err}
	if err != nil {
		t.owe(err)
	}
	if asked := t.done.Swap(resolved); asked != nil {
		close(asked.c)
	}
}

// owe leaves err to the Runner, if nobody else may hear of it.
func (t *Task[T]) owe(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.unexpected(err) {
		t.owed = true
		t.slot.scope.r.fail(&t.slot, err)
	}
}

// forgive takes back owe.
func (t *Task[T]) forgive() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.owed {
		t.owed = false
		t.slot.scope.r.forgive(&t.slot)
	}
}

// Done returns a channel that is closed when t has resolved.
func (t *Task[T]) Done() <-chan struct{} {
	if done := t.done.Load(); done != nil {
		return done.c
	}
	t.done.CompareAndSwap(nil, &doneChan{make(chan struct{})}) // fails if there is one by now
	return t.done.Load().c
}

// Result returns how t ended, and whether it has.
func (t *Task[T]) Result() (Result[T], bool) {
	if t.done.Load() != resolved {
		return Result[T]{}, false
	}
	if t.result.Err != nil {
		t.forgive()
	}
	return t.result, true
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
