package asynccore

import (
	"context"
	"sync"
	"sync/atomic"
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
		if cause := s.own.why(); cause != nil {
			return cause
		}
	}
	if s.scope.ctx.Err() == nil { // spares the jobs of a scope its lock, which Cause takes
		return nil
	}
	return context.Cause(s.scope.ctx)
}

// An ownContext is a context of a single job, which can end before that of its
// scope. It is made when somebody looks at it: most jobs with a handle never
// need theirs, and should not pay for its lock and its fields (60 ns of the 430
// that a task cost).
type ownContext struct {
	made atomic.Pointer[madeContext] // nil if nobody has looked at it or ended it
}

type madeContext struct {
	mu     sync.Mutex // guards everything
	ctx    context.Context
	cancel context.CancelCauseFunc
	cause  error // why it has ended, nil while it has not
}

// unseen stands for all contexts that ended with their job and that nobody has
// looked at. It is not changed.
var unseen = &madeContext{cause: context.Canceled}

// make returns what o has made, which is its own.
func (o *ownContext) make() *madeContext {
	for {
		m := o.made.Load()
		if m != nil && m != unseen {
			return m
		}
		own := &madeContext{}
		if m == unseen {
			own.cause = unseen.cause
		}
		if o.made.CompareAndSwap(m, own) {
			return own
		}
	}
}

// context returns the context, derived from parent.
func (o *ownContext) context(parent context.Context) context.Context {
	m := o.make()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.derive(parent)
	return m.ctx
}

func (m *madeContext) derive(parent context.Context) {
	if m.ctx != nil {
		return
	}
	m.ctx, m.cancel = context.WithCancelCause(parent)
	if m.cause != nil {
		m.cancel(m.cause)
	}
}

// expire makes the context end after timeout from now.
func (o *ownContext) expire(parent context.Context, timeout time.Duration) {
	m := o.make()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.derive(parent)
	ctx, stop := context.WithTimeoutCause(m.ctx, timeout, &TimeoutError{Op: "job", After: timeout})
	cancel := m.cancel
	m.ctx = ctx
	m.cancel = func(cause error) {
		cancel(cause) // first, or the cause would be lost
		stop()
	}
}

// end ends the context for cause; the first cause counts.
func (o *ownContext) end(cause error) {
	m := o.make()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cause != nil {
		return
	}
	m.cause = cause
	if m.cancel != nil {
		m.cancel(cause)
	}
}

// endWithJob ends the context, if it has not ended, with context.Canceled.
func (o *ownContext) endWithJob() {
	if !o.made.CompareAndSwap(nil, unseen) {
		o.end(unseen.cause)
	}
}

// why returns why the context has ended, nil if it has not.
func (o *ownContext) why() error {
	m := o.made.Load()
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cause
}
