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
	r.grant(now, false)
	if r.blocked.first != nil && r.letIn(now) {
		r.grant(now, false)
	}
	if r.over() {
		r.windDown()
	}
	r.mu.Unlock()
}

// grant gives free slots to the jobs whose turn it is. Those that come back
// are woken. One that has yet to start needs a worker: it is returned if the
// caller is one, else a worker is called for, and grant stops. The caller holds
// r.mu.
func (r *Runner) grant(now time.Duration, worker bool) *Slot {
	for r.ready != 0 && r.running < r.workers && !r.stopped {
		b := r.due()
		s := b.head()
		fresh := s.state == slotQueued
		if fresh && !worker {
			r.hire()
			return nil
		}
		if !r.admit(b.lane, !fresh, now) {
			continue // the lane has left the rings
		}
		r.take(b, s)
		r.running++
		s.state = slotHeld
		if fresh {
			s.started = now
			r.dequeue(s)
			return s
		}
		r.parked--
		r.answer(s, nil)
	}
	return nil
}

// due returns the band whose turn it is, of all eligible ones. The one whose
// turn it is in its class speaks for the class: were it the oldest of the
// class, one long lane of old jobs would make the class win over and over while
// the turns, and so the slots, go to young jobs of other lanes.
func (r *Runner) due() *band {
	if r.ready&(r.ready-1) == 0 { // one class only: nothing to compare
		return r.rings[bits.TrailingZeros8(r.ready)].front
	}
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

// admit asks Admission for a slot for l and takes a lane that is refused out
// of the rings. The caller holds r.mu.
func (r *Runner) admit(l *lane, resumed bool, now time.Duration) bool {
	if r.admission == nil || l.key == "" {
		return true
	}
	wall := r.epoch.Add(now)
	until, ok := r.admission.Admit(l.key, resumed, wall)
	if ok {
		return true
	}
	l.refused = never
	if !until.IsZero() {
		wait := max(until.Sub(wall), time.Millisecond) // or a wrong answer would keep us asking
		l.refused = now + min(wait, never-1-now)
	}
	r.reblock(l, now)
	return false
}

// giveBack takes the slot from s. The caller holds r.mu and sets s.state.
func (r *Runner) giveBack(s *Slot, now time.Duration) {
	l := s.lane
	s.lane = nil
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

// hire starts a worker unless one is on its way: that one sees to it that more
// come. The caller holds r.mu.
func (r *Runner) hire() {
	if !r.hiring {
		r.hiring = true
		r.helpers++
		go r.work() // Close waits for it by helpers
	}
}

// work runs jobs until there is none for it. A job that has released its slot
// keeps its worker while it is parked; others take its place.
func (r *Runner) work() {
	var s *Slot
	defer func() {
		if s != nil { // the job has ended this goroutine by runtime.Goexit
			now := r.lock()
			r.finish(s, now)
			r.helpers--
			r.unlock(now)
		}
	}()
	for s = r.next(nil); s != nil; s = r.next(s) {
		s.run()
	}
}

// next ends the job that the worker has run, nil at first, and returns
// the next one, or nil if the worker is to end.
func (r *Runner) next(done *Slot) *Slot {
	now := r.lock()
	if done == nil {
		r.hiring = false
	} else {
		r.finish(done, now)
	}
	s := r.grant(now, true)
	if s == nil {
		r.helpers--
	}
	r.unlock(now)
	return s
}

// finish ends the job of s. The caller holds r.mu.
func (r *Runner) finish(s *Slot, now time.Duration) {
	switch s.state {
	case slotHeld:
		r.giveBack(s, now)
	case slotParked:
		r.parked--
	case slotResuming: // another goroutine waits for a slot that is of no use now
		r.parked--
		r.unline(s)
		r.answer(s, ErrClosed)
	}
	s.state = slotDone
	s.body = nil
	r.live--
	r.quit(s.scope)
}

// withdraw takes s out of its lane if it is queued, and says whether it was. The
// caller ends the job by withdrawn.
func (r *Runner) withdraw(s *Slot) bool {
	now := r.lock()
	queued := s.state == slotQueued
	if queued {
		r.unline(s)
		r.dequeue(s)
		s.state = slotDoomed
	}
	r.unlock(now)
	return queued
}

func (r *Runner) withdrawn(s *Slot) {
	now := r.lock()
	r.finish(s, now)
	r.unlock(now)
}

// doom ends s, which is queued: its body will be told without a slot. The
// caller holds r.mu and has ended the context of s.
func (r *Runner) doom(s *Slot) {
	r.unline(s)
	r.dequeue(s)
	s.state = slotDoomed
	r.doomed.push(s)
	if !r.resolving {
		r.resolving = true
		r.helpers++
		go r.resolve() // Close waits for it by helpers
	}
}

// resolve runs the bodies of doomed jobs, one after the other: they are meant
// to see that it is over, and there may be as many as the queue holds.
func (r *Runner) resolve() {
	var s *Slot
	defer func() {
		now := r.lock()
		if s != nil { // the job has ended this goroutine by runtime.Goexit
			r.finish(s, now)
		}
		if r.doomed.first != nil {
			go r.resolve() // takes this one's place
		} else {
			r.resolving = false
			r.helpers--
		}
		r.unlock(now)
	}()
	for {
		now := r.lock()
		if s != nil {
			r.finish(s, now)
		}
		if s = r.doomed.first; s != nil {
			r.doomed.remove(s)
		}
		r.unlock(now)
		if s == nil {
			return
		}
		s.run()
	}
}
