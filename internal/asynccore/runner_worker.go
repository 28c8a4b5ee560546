package asynccore

import "time"

// hire starts a worker. There is one on its way at most: when it has found a
// job it calls for the next. The caller holds r.mu.
func (r *Runner) hire() {
	r.hiring = true
	r.helpers++
	go r.work() // Close waits for it by helpers
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
	var now time.Duration
	if r.admission != nil {
		now = r.lock()
	} else { // nobody asks for the time
		r.mu.Lock()
	}
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
