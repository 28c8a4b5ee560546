package asynccore

import (
	"context"
	"errors"
	"time"
)

var errSlotBusy = errors.New("slot: another goroutine of the job is acquiring it")

// Release gives the slot back, so that another job may run while this one
// waits. It does nothing when the slot is not held. A job may end without its
// slot.
func (s *Slot) Release() { s.yield(slotParked) }

// yield gives the slot back if it is held, and says whether it was and under
// which key.
func (s *Slot) yield(to slotState) (key string, ok bool) {
	r := s.scope.r
	now := r.lock()
	if e := s.job; e != nil && e.state == slotHeld {
		key, ok = e.key(), true
		r.park(e, to, now)
	}
	r.unlock(now)
	return key, ok
}

// park takes the slot from e, whose job goes on. The caller holds r.mu.
func (r *Runner) park(e *jobEntry, to slotState, now time.Duration) {
	e.more().key = e.lane.key
	r.giveBack(e, now)
	e.state = to
	if to == slotParked {
		r.parked++
	}
}

// Acquire takes a slot in the lane of key and waits until there is one. The job
// keeps its class and its age: it goes before all jobs in the lane that were
// submitted later. A slot that is held under key is kept; one that is held
// under another key is released first.
//
// The error is context.Cause(ctx) when ctx ends first, the cause of Stop when
// the Runner is stopped, and ErrClosed when the job has ended. The slot is not
// held then. To acquire in two goroutines at once is an error, too.
func (s *Slot) Acquire(ctx context.Context, key string) error {
	var cause error
	if ctx.Err() != nil {
		cause = context.Cause(ctx)
	}
	r := s.scope.r
	now := r.lock()
	e := s.job
	if e != nil && e.state == slotHeld {
		if e.lane.key == key {
			r.unlock(now)
			return nil
		}
		r.park(e, slotParked, now)
	}
	switch {
	case e == nil:
		cause = ErrClosed
	case e.state == slotResuming:
		cause = errSlotBusy
	case r.stopped:
		cause = r.cause
	}
	if cause != nil {
		r.unlock(now)
		return cause
	}
	if e.state != slotParked {
		r.parked++
	}
	e.state = slotResuming
	w := r.wait(e)
	r.line(e, key)
	r.unlock(now)
	select {
	case <-w.done:
	case <-ctx.Done():
	}
	return s.acquired(ctx, w)
}

// acquired ends the wait of Acquire, which has an answer or whose ctx has ended.
func (s *Slot) acquired(ctx context.Context, w *jobWait) error {
	r := s.scope.r
	now := r.lock()
	if e := s.job; e != nil && e.extra.wait == w { // no answer yet
		r.unline(e)
		e.state = slotParked
		r.answer(e, context.Cause(ctx))
	}
	err := r.collect(w)
	r.unlock(now)
	return err
}
