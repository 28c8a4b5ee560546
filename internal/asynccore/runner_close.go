package asynccore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// keptFailures is how many failures Close can report in full. A panic keeps its
// stack, so a list of a million could fill the memory.
const keptFailures = 100

// Close refuses further submissions, those of its jobs too, waits until all jobs
// have ended, and returns when nothing of the Runner is left. When ctx ends
// first, it stops the Runner with the cause and still waits for the jobs that
// run.
//
// The error joins, in the order of submission, the panics of jobs without a
// handle and the errors of Tasks whose outcome nobody has asked for; the first
// hundred in full. A Task that was cancelled, or whose Runner or submission
// context ended, counts only if it panicked.
//
// Calling Close again is allowed. Calling it from a job of r never returns.
func (r *Runner) Close(ctx context.Context) error {
	now := r.lock()
	r.shut()
	r.unlock(now)
	select {
	case <-r.drained:
	case <-ctx.Done():
		r.Stop(context.Cause(ctx))
		<-r.drained
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failure()
}

// Stop refuses further submissions and cancels all jobs with cause
// (context.Canceled if nil): queued jobs end without a slot, and no slot is
// granted any more. It does not wait; Close does.
func (r *Runner) Stop(cause error) {
	if cause == nil {
		cause = context.Canceled
	}
	now := r.lock()
	if r.stopped {
		r.unlock(now)
		return
	}
	r.stopped, r.cause = true, cause
	r.shut()
	for _, l := range r.lanes {
		for rank := range l.bands {
			for b := &l.bands[rank]; len(b.resumed) > 0; {
				e := b.resumed[0]
				r.unline(e)
				e.state = slotParked
				r.answer(e, cause)
			}
		}
	}
	scopes := make([]*jobScope, 0, len(r.scopes))
	for _, sc := range r.scopes {
		scopes = append(scopes, sc)
	}
	r.unlock(now)
	for _, sc := range scopes {
		sc.cancel(cause) // scopeEnded deals with the queued jobs
	}
}

// shut closes r to submissions, those that are blocked included. The caller
// holds r.mu.
func (r *Runner) shut() {
	r.closed = true
	for r.blocked.first != nil {
		r.refuse(r.blocked.first, ErrClosed)
	}
}

// over reports whether no job is left and none can come.
func (r *Runner) over() bool { return r.closed && r.live == 0 }

// windDown lets go of what the Runner keeps without jobs, and tells Close when
// the last goroutine ends. The caller holds r.mu; it may be called repeatedly.
func (r *Runner) windDown() {
	for _, timer := range []*time.Timer{r.timer, r.clock.timer} {
		if timer != nil && timer.Stop() {
			r.helpers--
		}
	}
	if sc := r.last; sc != nil && sc.jobs == 0 {
		r.last = nil
		r.drop(sc)
	}
	if r.helpers == 0 && !r.finished {
		r.finished = true
		close(r.drained)
	}
}

// jobFailure is how a job has failed, and which.
type jobFailure struct {
	seq uint64
	err error
}

// fail keeps err, with which the job of s is about to end, for Close.
func (r *Runner) fail(s *Slot, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.failed) < keptFailures {
		r.failed[s] = jobFailure{s.job.seq, err}
	} else {
		r.failures++
	}
}

// forgive takes back one fail for s.
func (r *Runner) forgive(s *Slot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.failed[s]; ok {
		delete(r.failed, s)
	} else {
		r.failures--
	}
}

// failure joins what was kept. The caller holds r.mu.
func (r *Runner) failure() error {
	failed := slices.SortedFunc(maps.Values(r.failed), func(a, b jobFailure) int { return cmp.Compare(a.seq, b.seq) })
	errs := make([]error, 0, len(failed)+1)
	for _, f := range failed {
		errs = append(errs, f.err)
	}
	if r.failures > 0 {
		errs = append(errs, fmt.Errorf("%d more jobs failed", r.failures))
	}
	return errors.Join(errs...)
}
