package asynccore

import (
	"context"
	"fmt"
	"time"
)

// submit accepts body as a job with the slot s, or one of the slab if s is nil.
func (r *Runner) submit(ctx context.Context, j Job, s *Slot, body jobBody, wait bool) error {
	if !j.Priority.valid() {
		return fmt.Errorf("submit job: %v is not a priority", j.Priority)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	now := r.lockSubmit()
	full := r.full() || r.blocked.first != nil
	if r.closed || full && !wait {
		err := ErrQueueFull
		if r.closed {
			err = ErrClosed
		}
		r.unlock(now)
		return err
	}
	e := r.entry(s)
	e.slot.scope = r.join(ctx)
	e.body, e.rank = body, priorityRanks[j.Priority]
	if j.QueueTimeout > 0 || j.Timeout > 0 {
		x := e.more()
		x.queueTimeout, x.timeout = j.QueueTimeout, j.Timeout
		if e.slot.own == nil {
			e.slot.own = new(ownContext)
		}
	}
	if !full {
		r.enqueue(e, j.Key, now)
		r.unlock(now)
		return nil
	}
	e.state = slotBlocked
	e.more().key = j.Key
	r.blocked.push(e)
	s, w := e.slot, r.wait(e)
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
	if e := s.job; e != nil && e.state == slotBlocked {
		r.refuse(e, context.Cause(ctx))
	}
	err := r.collect(w)
	if err != nil {
		r.quit(s.scope)
	}
	r.unlock(now)
	return err
}

// refuse ends the blocked submission of e with cause. The caller holds r.mu.
func (r *Runner) refuse(e *jobEntry, cause error) {
	r.blocked.remove(e)
	r.answer(e, cause)
	r.forget(e)
}

// full reports whether a submission has to wait.
func (r *Runner) full() bool { return r.room() <= 0 }

// room returns how many more jobs may come in. Jobs that the free slots are
// about to take do not count: their workers are on the way.
func (r *Runner) room() int {
	room := r.queue
	if r.flows() {
		room = r.ahead
	}
	if free := r.workers - r.running; free > 0 && r.ready != 0 {
		room += free
	}
	return room - r.queued - r.parked
}

// flows reports whether jobs pass through: some run or are about to, and none
// is parked.
func (r *Runner) flows() bool { return r.parked == 0 && (r.running > 0 || r.ready != 0) }

// enqueue puts e, which is new, into the lane of key. The caller holds r.mu.
func (r *Runner) enqueue(e *jobEntry, key string, now time.Duration) {
	e.state = slotQueued
	e.enqueued = now
	e.seq = r.seq
	r.seq++
	r.live++
	r.queued++
	r.byRank[e.rank]++
	e.slot.scope.queued.push(e)
	if x := e.extra; x != nil && x.queueTimeout > 0 {
		s := e.slot
		r.helpers++
		x.timer = time.AfterFunc(x.queueTimeout, func() { r.queueTimedOut(s) }) // Close waits for it by helpers
	}
	r.line(e, key)
}

// dequeue undoes what enqueue counted. The caller holds r.mu.
func (r *Runner) dequeue(e *jobEntry) {
	r.queued--
	r.byRank[e.rank]--
	e.slot.scope.queued.remove(e)
	if x := e.extra; x != nil && x.timer != nil && x.timer.Stop() {
		r.helpers--
	}
}

func (r *Runner) queueTimedOut(s *Slot) {
	now := r.lock()
	r.helpers--
	if e := s.job; e != nil && e.state == slotQueued {
		s.own.end(&TimeoutError{Op: "queue wait", After: e.extra.queueTimeout})
		r.doom(e)
	}
	r.unlock(now)
}

// letIn moves blocked submissions into the queue as far as there is room and
// reports whether it has. One whose context has ended goes without: scopeEnded
// has told the jobs of that scope and does not come again. The caller holds
// r.mu.
func (r *Runner) letIn() (moved bool) {
	// A free slot calls for more jobs, unless others wait that are all alike.
	idle := r.running < r.workers && (r.ahead == r.queue || r.queued == 0 || !r.flows())
	if !idle && r.room() < r.refill {
		return false
	}
	now := time.Since(r.epoch)
	for e := r.blocked.first; e != nil && !r.full(); e = r.blocked.first {
		if cause := context.Cause(e.slot.scope.ctx); cause != nil {
			r.refuse(e, cause)
			continue
		}
		r.blocked.remove(e)
		r.enqueue(e, e.extra.key, now)
		r.answer(e, nil)
		moved = true
	}
	return moved
}
