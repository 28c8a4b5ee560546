package asynccore

import (
	"time"
)

// SetWorkers changes the number of slots; below 1 it is 1. When there are fewer
// than before, jobs that hold a slot keep it until they end or release it.
func (r *Runner) SetWorkers(n int) {
	now := r.lock()
	r.workers = max(n, 1)
	r.unlock(now)
}

// SetKeyLimit sets how many slots the jobs of key may hold at once: 0 = any
// number, below 0 = RunnerConfig.KeyLimit again. A limit that is set is
// remembered while the Runner lives. The empty key has no limit.
func (r *Runner) SetKeyLimit(key string, n int) {
	now := r.lock()
	if n < 0 {
		delete(r.limits, key)
	} else {
		r.limits[key] = n
	}
	if l := r.lanes[key]; l != nil {
		l.limit = r.limit(key)
		r.refresh(l)
	}
	r.unlock(now)
}

// Pause keeps the jobs of key from getting a slot until then, in place of an
// earlier Pause: a time that has passed ends it. Slots held are not touched.
func (r *Runner) Pause(key string, until time.Time) {
	wait := time.Until(until) // also right for a time without a monotonic reading
	now := r.lock()
	l := r.lane(key)
	l.paused = now + min(wait, never-now)
	r.reblock(l, now)
	r.unlock(now)
}

// Wake makes the Runner ask Admission again about key, if it was refused.
func (r *Runner) Wake(key string) {
	now := r.lock()
	if l := r.lanes[key]; l != nil && l.refused != 0 {
		l.refused = 0
		r.reblock(l, now)
	}
	r.unlock(now)
}
