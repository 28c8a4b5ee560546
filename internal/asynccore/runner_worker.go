package asynccore

import (
	"runtime"
	"time"
)

// hire starts a worker, unless one is about to look for a job. There is one on
// its way at most: when it has found a job it calls for the next. Nor is one
// called for while another waits for r.mu: where jobs are so short that the
// workers meet there, each one more makes all of them slower (200 ns a job that
// does nothing instead of 270, with ten slots on two processors). The caller
// holds r.mu.
func (r *Runner) hire() {
	if r.returning.Load() > 0 {
		return
	}
	r.hiring = true
	r.helpers++
	r.hired++
	go r.work(r.hired%politeness == 0) // Close waits for it by helpers
}

// politeness is after how many workers the next one lets everybody else run
// first. Each calls for the next as it starts: on one processor a thousand would
// dial before the first of them went on with its connection, 100 ms later, for
// as long as something can run the scheduler hardly looks at the network.
const politeness = 16

// work runs jobs until there is none for it. A job that has released its slot
// keeps its worker while it is parked; others take its place.
func (r *Runner) work(polite bool) {
	if polite {
		runtime.Gosched()
	}
	var e *jobEntry
	defer func() {
		if e != nil { // the job has ended this goroutine by runtime.Goexit
			now := r.lock()
			r.finish(e, now)
			r.helpers--
			r.unlock(now)
		}
	}()
	for e = r.next(nil); e != nil; e = r.next(e) {
		e.run()
	}
}

// next ends the job that the worker has run, nil at first, and returns
// the next one, or nil if the worker is to end.
func (r *Runner) next(done *jobEntry) *jobEntry {
	var now time.Duration
	if r.admission != nil { // else nobody asks for the time
		now = time.Since(r.epoch)
	}
	if !r.mu.TryLock() {
		r.returning.Add(1) // spares a hire
		r.mu.Lock()
		r.returning.Add(-1)
	}
	if done == nil {
		r.hiring = false
	} else {
		r.finish(done, now)
	}
	e := r.grant(now, true)
	if e == nil {
		r.helpers--
	}
	r.unlock(now)
	return e
}

// finish ends the job of e. The caller holds r.mu.
func (r *Runner) finish(e *jobEntry, now time.Duration) {
	switch e.state {
	case slotHeld:
		r.giveBack(e, now)
	case slotParked:
		r.parked--
	case slotResuming: // another goroutine waits for a slot that is of no use now
		r.parked--
		r.unline(e)
		r.answer(e, ErrClosed)
	}
	r.live--
	r.quit(e.slot.scope)
	r.forget(e)
}

// withdraw takes the job of s out of its lane if it is queued, and says whether
// it was. The caller ends the job by withdrawn.
func (r *Runner) withdraw(s *Slot) bool {
	now := r.lock()
	e := s.job
	queued := e != nil && e.state == slotQueued
	if queued {
		r.unline(e)
		r.dequeue(e)
		e.state = slotDoomed
	}
	r.unlock(now)
	return queued
}

func (r *Runner) withdrawn(s *Slot) {
	now := r.lock()
	r.finish(s.job, now)
	r.unlock(now)
}

// doom ends e, which is queued: its body will be told without a slot. The
// caller holds r.mu and has ended the context of e.
func (r *Runner) doom(e *jobEntry) {
	r.unline(e)
	r.dequeue(e)
	e.state = slotDoomed
	r.doomed.push(e)
	if !r.resolving {
		r.resolving = true
		r.helpers++
		go r.resolve() // Close waits for it by helpers
	}
}

// resolve runs the bodies of doomed jobs, one after the other: they are meant
// to see that it is over, and there may be as many as the queue holds.
func (r *Runner) resolve() {
	var e *jobEntry
	defer func() {
		now := r.lock()
		if e != nil { // the job has ended this goroutine by runtime.Goexit
			r.finish(e, now)
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
		if e != nil {
			r.finish(e, now)
		}
		if e = r.doomed.first; e != nil {
			r.doomed.remove(e)
		}
		r.unlock(now)
		if e == nil {
			return
		}
		e.run()
	}
}
