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
	if s.state == slotHeld {
		key, ok = s.key, true
		r.park(s, to, now)
	}
	r.unlock(now)
	return key, ok
}

// park takes the slot from s, whose job goes on. The caller holds r.mu.
func (r *Runner) park(s *Slot, to slotState, now time.Duration) {
	r.giveBack(s, now)
	s.state = to
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
	if s.state == slotHeld {
		if s.key == key {
			r.unlock(now)
			return nil
		}
		r.park(s, slotParked, now)
	}
	switch {
	case s.state == slotDone:
		cause = ErrClosed
	case s.state == slotResuming:
		cause = errSlotBusy
	case r.stopped:
		cause = r.cause
	}
	if cause != nil {
		r.unlock(now)
		return cause
	}
	if s.state != slotParked {
		r.parked++
	}
	s.state, s.key = slotResuming, key
	w := r.wait(s)
	r.line(s)
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
	if s.wait == w { // no answer yet
		r.unline(s)
		s.state = slotParked
		r.answer(s, context.Cause(ctx))
	}
	err := r.collect(w)
	r.unlock(now)
	return err
}
