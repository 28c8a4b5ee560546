package asynccore

import (
	"context"
	"time"
)

// A jobEntry is a job that a Runner has accepted and that has not ended. The
// next job uses it again; a Slot is never used again, since a context may outlive
// its job (a dial of net/http does). So an entry is for the job's worker and for
// who holds Runner.mu, and nobody keeps one beyond that: Slot.job says whether
// the job is still there.
type jobEntry struct {
	// Set before the job is queued.
	slot         *Slot
	body         jobBody
	rank         uint8 // of the class
	queueTimeout time.Duration
	timeout      time.Duration

	// Guarded by Runner.mu.
	state    slotState
	index    int32    // in band.resumed
	key      string   // the lane it is in, or was in last
	lane     *lane    // while queued, resuming or held
	wait     *jobWait // of a goroutine that is blocked for the job
	links    [listKinds]jobLinks
	seq      uint64 // age: the place in the order of submission
	enqueued time.Duration
	timer    *time.Timer // for queueTimeout
}

type slotState uint8

const (
	slotNew      slotState = iota
	slotBlocked            // waits for room in the queue
	slotQueued             // waits in its lane for its first start
	slotHeld               // runs
	slotParked             // has released its slot
	slotLent               // has done so to wait for other jobs of the Runner
	slotResuming           // waits in a lane to get a slot again
	slotDoomed             // never got a slot and is told so
)

// slabSlots is how many slots are allocated at once: as many as fill 4 KiB with
// the allocator's header. A job whose context is kept for long keeps its slab.
const slabSlots = 170

// entry makes an entry for s, or for a slot of the slab if s is nil. The caller
// holds r.mu.
func (r *Runner) entry(s *Slot) *jobEntry {
	if s == nil {
		if len(r.slab) == 0 {
			r.slab = make([]Slot, slabSlots)
		}
		s, r.slab = &r.slab[0], r.slab[1:]
	}
	var e *jobEntry
	if n := len(r.entries); n > 0 {
		e, r.entries = r.entries[n-1], r.entries[:n-1]
	} else {
		e = new(jobEntry)
	}
	e.slot, s.job = s, e
	return e
}

// forget takes e, whose job has ended, for the next one. The caller holds r.mu.
func (r *Runner) forget(e *jobEntry) {
	e.slot.job = nil
	*e = jobEntry{}
	r.entries = append(r.entries, e)
}

// run runs the body of e, then ends the context that is the job's own.
func (e *jobEntry) run() {
	s := e.slot
	if s.own == nil {
		e.body.run(s)
		return
	}
	defer s.own.end(context.Canceled)
	if e.timeout > 0 {
		s.own.expire(s.scope.ctx, e.timeout)
	}
	e.body.run(s)
}
