package asynccore

import (
	"time"
)

// Job says how a Runner is to treat a function. The zero value is a normal job
// without key or limits.
type Job struct {
	Priority Priority

	// Key names the lane of the job, for example an origin. Jobs without a key
	// share a lane that knows neither key limit nor Admission.
	Key string

	// QueueTimeout is how long the job may wait in the queue for its first start
	// (0: no limit); the time that its submission is blocked does not count.
	// After that it does not run, for the cause *TimeoutError{Op: "queue wait"}.
	QueueTimeout time.Duration

	// Timeout ends the context of the job this long after its first start, with
	// the cause *TimeoutError{Op: "job"} (0: no limit). Parked time counts.
	Timeout time.Duration
}

// Admission decides, beyond a free slot and the key's limit, whether a lane may
// have a slot now. Its methods are called with the Runner locked, one at a
// time: they must be quick, and must neither call the Runner nor panic.
type Admission interface {
	// Admit says whether a job of key may have a slot now; resumed tells a job
	// that comes back by Slot.Acquire from one that starts.
	Admit(key string, resumed bool, now time.Time) Answer

	// Release says that a slot that Admit granted to key was given back.
	Release(key string, now time.Time)
}

// An Answer is what Admission says of a lane.
type Answer struct {
	// OK gives the job the slot, and exactly one Release will follow.
	OK bool

	// Until is for a refusal. The lane stands aside and is asked again then (a
	// millisecond from now at the earliest) or, if it is zero, when a slot of the
	// lane is released or a job comes back to it; in either case also after
	// Wake(key). Compute it from now.
	//
	// So whoever refuses with a zero Until while the lane holds no slot owes it a
	// Wake: without one its jobs wait, and Close waits for them. A Wake that
	// follows the change which makes Admit willing is never too early, whatever
	// Admit is answering at that moment.
	Until time.Time

	// Newest asks for another order from now on, until an answer without it: of
	// the jobs of the lane that have yet to start the one that was submitted last
	// is next, before those that come back. It has the least in common with those
	// that have failed, and tells most about the key.
	Newest bool
}

// RunnerConfig sets up a Runner. The zero value is usable.
type RunnerConfig struct {
	// Workers is how many jobs hold a slot at once (0: GOMAXPROCS, which suits
	// jobs that compute; jobs that wait want more).
	Workers int

	// Queue is how many jobs may be in the Runner without a slot (0: 1024):
	// waiting for their first start, or parked by Slot.Release. Submitting blocks
	// beyond that, so that memory is bounded. While slots are free for jobs that
	// wait, as many more are let in: never more than Queue + Workers in all.
	Queue int

	// Ahead is how many jobs may be there while some run and none is parked (0:
	// Queue). It keeps memory small where all jobs are alike in key and class, so
	// that their order does not depend on how many there are to choose from. In a
	// standstill, such as a pause, Queue holds.
	Ahead int

	// Refill is how much room there must be before submissions that were blocked
	// are let in (0: any), unless a slot has nothing to do, or, with Ahead, no job
	// waits. Where one goroutine keeps the queue full it is woken once for so many
	// jobs, and not for each (1 to 2 us a job). Jobs must not wait for a submission
	// that may be blocked so.
	Refill int

	// Slack is the slack of each class, from critical to background (nil: 0, 1 s,
	// 5 s, 20 s, 60 s; see Priority). It may be negative.
	Slack *[5]time.Duration

	// KeyLimit is how many slots the jobs of one key may hold at once, unless
	// SetKeyLimit says otherwise (0: any number).
	KeyLimit int

	// Admission is asked for each slot for a job that has a key (nil: nobody is).
	Admission Admission
}
