package asynccore

import "time"

// A jobEntry is a job that a Runner has accepted and that has not ended. The
// next job uses it again; a Slot is never used again, since a context may outlive
// its job (a dial of net/http does). So an entry is for the job's worker and for
// who holds Runner.mu, and nobody keeps one beyond that: Slot.job says whether
// the job is still there.
//
// It is small because it goes back and forth between the processors of those who
// submit and of the workers: what few jobs need is in a jobExtra (5 % of the time
// of a job that does nothing, on two processors).
type jobEntry struct {
	// Set before the job is queued.
	slot *Slot
	body jobBody
	rank uint8 // of the class

	// Guarded by Runner.mu.
	state    slotState
	index    int32 // in band.resumed
	lane     *lane // while queued, resuming or held
	links    [listKinds]jobLinks
	seq      uint64 // age: the place in the order of submission
	enqueued time.Duration
	extra    *jobExtra // nil until the first job that needs it; kept for the next
}

// A jobExtra is what an entry has beyond that for a job with limits, and for one
// that waits.
type jobExtra struct {
	// Set before the job is queued.
	queueTimeout time.Duration
	timeout      time.Duration

	// Guarded by Runner.mu.
	key   string      // of the job's lane while it is in none: the last or the next
	wait  *jobWait    // of a goroutine that is blocked for the job
	timer *time.Timer // for queueTimeout
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
	e.slot, e.body = nil, nil // submit sets them and the rest, and lists clear their links
	if e.extra != nil {
		*e.extra = jobExtra{}
	}
	r.entries = append(r.entries, e)
}

// more returns what e has beyond the fields that all jobs need.
func (e *jobEntry) more() *jobExtra {
	if e.extra == nil {
		e.extra = new(jobExtra)
	}
	return e.extra
}

// key returns the key of the lane that e is in, or was in last. The caller holds
// Runner.mu.
func (e *jobEntry) key() string {
	if e.lane != nil {
		return e.lane.key
	}
	return e.extra.key
}

// run runs the body of e, then ends the context that is the job's own.
func (e *jobEntry) run() {
	s := e.slot
	if s.own == nil {
		e.body.run(s)
		return
	}
	defer s.own.endWithJob()
	if x := e.extra; x != nil && x.timeout > 0 {
		s.own.expire(s.scope.ctx, x.timeout)
	}
	e.body.run(s)
}
