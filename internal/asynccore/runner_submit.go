package asynccore

import (
	"context"
	"fmt"
	"time"
)

// slabSlots is how many slots are allocated at once: as many as fill 4 KiB with
// the allocator's header. They are not used again, since a context may outlive
// its job (a dial of net/http does); a job that is kept for long keeps its slab.
const slabSlots = 31

// submit accepts body as a job in s, or in a slot of the slab if s is nil.
func (r *Runner) submit(ctx context.Context, j Job, s *Slot, body jobBody, wait bool) error {
	if !j.Priority.valid() {
		return fmt.Errorf("submit job: %v is not a priority", j.Priority)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	now := r.lock()
	full := r.full() || r.blocked.first != nil
	if r.closed || full && !wait {
		err := ErrQueueFull
		if r.closed {
			err = ErrClosed
		}
		r.unlock(now)
		return err
	}
	if s == nil {
		if len(r.slab) == 0 {
			r.slab = make([]Slot, slabSlots)
		}
		s, r.slab = &r.slab[0], r.slab[1:]
	}
	s.scope = r.join(ctx)
	s.body, s.key, s.rank = body, j.Key, priorityRanks[j.Priority]
	if j.QueueTimeout > 0 || j.Timeout > 0 {
		if s.own == nil {
			s.own = new(ownContext)
		}
		s.own.queueTimeout, s.own.timeout = j.QueueTimeout, j.Timeout
	}
	if !full {
		r.enqueue(s, now)
		r.unlock(now)
		return nil
	}
	s.state = slotBlocked
	r.blocked.push(s)
	w := r.wait(s)
	r.unlock(now)
	return r.awaitRoom(ctx, s, w)
}

// awaitRoom waits until the submission of s is let in or refused.
func (r *Runner) awaitRoom(ctx context.Context, s *Slot, w *jobWait) error {
	resume := lendSlot(ctx, r)
	// If the slot does not come back the calling job has been cancelled, as it
	// will see: the submission stands.
	defer resume()
	select {
	case <-w.done:
	case <-ctx.Done():
	}
	now := r.lock()
	if s.state == slotBlocked {
		r.blocked.remove(s)
		r.answer(s, context.Cause(ctx))
	}
	err := r.collect(w)
	if err != nil {
		s.state = slotDone
		r.quit(s.scope)
	}
	r.unlock(now)
	return err
}

// full reports whether a submission has to wait. Jobs that the free slots are
// about to take do not count: their workers are on the way.
func (r *Runner) full() bool {
	room := r.queue
	if free := r.workers - r.running; free > 0 && r.ready != 0 {
		room += free
	}
	return r.queued+r.parked >= room
}

// enqueue puts s, which is new, into its lane. The caller holds r.mu.
func (r *Runner) enqueue(s *Slot, now time.Duration) {
	s.state = slotQueued
	s.enqueued = now
	s.seq = r.seq
	r.seq++
	r.live++
	r.queued++
	r.byRank[s.rank]++
	s.scope.queued.push(s)
	if s.own != nil && s.own.queueTimeout > 0 {
		r.helpers++
		s.own.timer = time.AfterFunc(s.own.queueTimeout, func() { r.queueTimedOut(s) }) // Close waits for it by helpers
	}
	r.line(s)
}

// dequeue undoes what enqueue counted. The caller holds r.mu.
func (r *Runner) dequeue(s *Slot) {
	r.queued--
	r.byRank[s.rank]--
	s.scope.queued.remove(s)
	if s.own != nil && s.own.timer != nil && s.own.timer.Stop() {
		r.helpers--
	}
}

func (r *Runner) queueTimedOut(s *Slot) {
	now := r.lock()
	r.helpers--
	if s.state == slotQueued {
		s.own.end(&TimeoutError{Op: "queue wait", After: s.own.queueTimeout})
		r.doom(s)
	}
	r.unlock(now)
}

// letIn moves blocked submissions into the queue as far as there is room and
// reports whether it has. One whose context has ended goes without: scopeEnded
// has told the jobs of that scope and does not come again. The caller holds
// r.mu.
func (r *Runner) letIn() (moved bool) {
	now := time.Since(r.epoch)
	for s := r.blocked.first; s != nil && !r.full(); s = r.blocked.first {
		r.blocked.remove(s)
		if cause := context.Cause(s.scope.ctx); cause != nil {
			s.state = slotDone
			r.answer(s, cause)
			continue
		}
		r.enqueue(s, now)
		r.answer(s, nil)
		moved = true
	}
	return moved
}
