package asynccore

import (
	"sync/atomic"
	"time"
)

// Classes compete by seconds, and a reading of the clock costs a fifth of all
// that a Runner does for a job (25 ns of 120, on two processors 50 of 270). So
// after burst submissions within burstTime, those of the next burstTime share
// one reading, until a timer ends that. Where there are fewer each reads the
// clock: a timer a job would cost more.
const (
	burst     = 64
	burstTime = time.Millisecond
)

// A burstClock is the clock of a Runner for submissions. Its fields are guarded
// by Runner.mu; reading may be read without it.
type burstClock struct {
	reading atomic.Int64  // the Runner's time at which the burst began; 0 = there is none
	since   time.Duration // when count was 0
	count   int           // readings since then
	timer   *time.Timer   // ends the burst; nil until the first one
}

// lockSubmit is lock, for a submission: the time may be up to burstTime ago, or
// as much more as the timer is late. Admission is told the time, and so gets
// the exact one.
func (r *Runner) lockSubmit() time.Duration {
	if now := r.clock.reading.Load(); now != 0 {
		r.mu.Lock()
		return time.Duration(now)
	}
	now := r.lock()
	if r.admission == nil && !r.closed {
		r.countReading(now)
	}
	return now
}

// countReading notes a reading for a submission, and begins a burst when there
// are many. The caller holds r.mu.
func (r *Runner) countReading(now time.Duration) {
	c := &r.clock
	if now-c.since > burstTime {
		c.since, c.count = now, 0
	}
	c.count++
	if c.count < burst || c.reading.Load() != 0 {
		return
	}
	c.count = 0
	c.reading.Store(max(int64(now), 1)) // 0 is for none
	r.helpers++
	if c.timer == nil {
		c.timer = time.AfterFunc(burstTime, r.burstOver) // Close waits for it by helpers
	} else {
		c.timer.Reset(burstTime)
	}
}

func (r *Runner) burstOver() {
	now := r.lock()
	r.helpers--
	r.clock.reading.Store(0)
	r.unlock(now)
}
