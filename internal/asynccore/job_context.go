package asynccore

import (
	"context"
	"sync"
	"time"
)

// jobContext is the context of a job: that of its scope, or its own if it has
// one, and the slot. It is the Slot itself under another name, which saves an
// allocation a job.
type jobContext Slot

var _ context.Context = (*jobContext)(nil)

func (c *jobContext) base() context.Context {
	if c.own != nil {
		return c.own.context(c.scope.ctx)
	}
	return c.scope.ctx
}

func (c *jobContext) Deadline() (time.Time, bool) { return c.base().Deadline() }
func (c *jobContext) Done() <-chan struct{}       { return c.base().Done() }
func (c *jobContext) Err() error                  { return c.base().Err() }

func (c *jobContext) Value(key any) any {
	if _, ok := key.(slotKey); ok {
		return (*Slot)(c)
	}
	return c.base().Value(key)
}

// cause returns why the context of s has ended, nil if it has not, without
// making one for it.
func (s *Slot) cause() error {
	if s.own != nil {
		s.own.mu.Lock()
		defer s.own.mu.Unlock()
		if s.own.cause != nil {
			return s.own.cause
		}
	}
	if s.scope.ctx.Err() == nil { // spares the jobs of a scope its lock, which Cause takes
		return nil
	}
	return context.Cause(s.scope.ctx)
}

// An ownContext is a context of a single job, which can end before that of its
// scope. It is made when somebody looks at it: most jobs with a handle never
// need theirs.
type ownContext struct {
	mu     sync.Mutex // guards everything
	ctx    context.Context
	cancel context.CancelCauseFunc
	cause  error // why it has ended, nil while it has not
}

// context returns the context, derived from parent.
func (o *ownContext) context(parent context.Context) context.Context {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.derive(parent)
	return o.ctx
}

func (o *ownContext) derive(parent context.Context) {
	if o.ctx != nil {
		return
	}
	o.ctx, o.cancel = context.WithCancelCause(parent)
	if o.cause != nil {
		o.cancel(o.cause)
	}
}

// expire makes the context end after timeout from now.
func (o *ownContext) expire(parent context.Context, timeout time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.derive(parent)
	ctx, stop := context.WithTimeoutCause(o.ctx, timeout, &TimeoutError{Op: "job", After: timeout})
	cancel := o.cancel
	o.ctx = ctx
	o.cancel = func(cause error) {
		cancel(cause) // first, or the cause would be lost
		stop()
	}
}

// end ends the context for cause; the first cause counts.
func (o *ownContext) end(cause error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cause != nil {
		return
	}
	o.cause = cause
	if o.cancel != nil {
		o.cancel(cause)
	}
}
