package asynccore

import (
	"math/bits"
	"time"
)

// lock locks r and returns the time in its reckoning. Each section that can
// make a job eligible or a slot free ends with unlock.
func (r *Runner) lock() time.Duration {
	now := time.Since(r.epoch) // before the lock: it costs as much as all the rest
	r.mu.Lock()
	return now
}

// unlock gives free slots to the jobs whose turn it is, lets blocked
// submissions in, and unlocks r.
func (r *Runner) unlock(now time.Duration) {
	if r.wanted() && !r.hiring { // else the worker on its way will do it
		r.grant(now, false)
	}
	if r.blocked.first != nil && r.letIn() && !r.hiring {
		r.grant(now, false)
	}
	if r.over() {
		r.windDown()
	}
	r.mu.Unlock()
}

// wanted reports whether there is a free slot and a job for it.
func (r *Runner) wanted() bool { return r.ready != 0 && r.running < r.workers && !r.stopped }

// grant gives free slots to the jobs whose turn it is. Those that come back
// are woken. One that has yet to start needs a worker: it is returned if the
// caller is one, else a worker is called for, and grant stops. The caller holds
// r.mu.
func (r *Runner) grant(now time.Duration, worker bool) *jobEntry {
	for r.wanted() {
		b := r.rings[bits.TrailingZeros8(r.ready)].front
		if r.ready&(r.ready-1) != 0 { // there is another class
			b = r.due()
		}
		e := b.pick()
		fresh := e.state == slotQueued
		if fresh && !worker {
			r.hire()
			return nil
		}
		if r.admission != nil && !r.admit(b.lane, !fresh, now) {
			continue // the lane has left the rings
		}
		r.take(b, e)
		r.running++
		e.state = slotHeld
		if fresh {
			r.dequeue(e)
			return e
		}
		r.parked--
		r.answer(e, nil)
	}
	return nil
}

// due returns the band whose turn it is, of all eligible ones. The one whose
// turn it is in its class speaks for the class: were it the oldest of the
// class, one long lane of old jobs would make the class win over and over while
// the turns, and so the slots, go to young jobs of other lanes.
func (r *Runner) due() *band {
	var (
		first    *band
		earliest time.Duration
	)
	for rank := range r.rings {
		b := r.rings[rank].front
		if b == nil {
			continue
		}
		if at := b.head().enqueued + r.slack[rank]; first == nil || at < earliest {
			first, earliest = b, at
		}
	}
	return first
}

// admit asks Admission, which is not nil, for a slot for l and takes a lane
// that is refused out of the rings. The caller holds r.mu.
func (r *Runner) admit(l *lane, resumed bool, now time.Duration) bool {
	if l.key == "" {
		return true
	}
	wall := r.epoch.Add(now)
	a := r.admission.Admit(l.key, resumed, wall)
	l.newest = a.Newest
	if a.OK {
		return true
	}
	l.refused = never
	if !a.Until.IsZero() {
		wait := max(a.Until.Sub(wall), time.Millisecond) // or a wrong answer would keep us asking
		l.refused = now + min(wait, never-1-now)
	}
	r.reblock(l, now)
	return false
}

// giveBack takes the slot from e. The caller holds r.mu and sets e.state.
func (r *Runner) giveBack(e *jobEntry, now time.Duration) {
	l := e.lane
	e.lane = nil
	r.running--
	l.running--
	if r.admission != nil && l.key != "" {
		r.admission.Release(l.key, r.epoch.Add(now))
	}
	if l.refused == never {
		l.refused = 0
	}
	r.refresh(l)
}
