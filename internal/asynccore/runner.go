package asynccore

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Runner runs jobs on a bounded number of slots. Close it when done.
//
// A job waits in the lane of its key. Within a lane and class the order is that
// of submission. Within a class the eligible lanes take turns, where a lane is
// eligible that holds jobs and is neither at its limit, nor paused, nor refused
// by Admission; the others are skipped and hold up nobody. Between classes, the
// job whose turn it is in its class competes with its time of submission plus
// the slack of the class, and the earliest wins (see Priority). Without Admission
// a job of a burst is taken as submitted up to a millisecond earlier, or more
// where the processors are late with a timer.
//
// Once a job is the first of its class in an eligible lane, at time t, only jobs
// submitted before t + slack get a slot before it (with slacks that are not
// negative). So, as long as the lane stays eligible, it waits at most for its
// slack and then until each of those that are in the Runner by then, Queue +
// Workers at most, has had a slot; a job that comes back by Slot.Acquire, and a
// job that is waited for by another one, counts again. What is submitted later
// does not matter. A job that has others of its class before it in its lane
// waits that long for each of them at most.
//
// It is safe for concurrent use. Without jobs a Runner has no goroutine; with
// jobs it has one a slot in use and one a parked job, and three more at most,
// apart from those that timers start.
type Runner struct {
	epoch     time.Time // times are kept as durations since then
	queue     int
	ahead     int                    // at most queue
	refill    int                    // at most ahead
	slack     [classes]time.Duration // by rank
	keyLimit  int
	admission Admission
	drained   chan struct{} // closed when the Runner is closed and nothing of it is left
	clock     burstClock
	returning atomic.Int32 // workers that wait for mu, to look for a job then

	// mu guards everything below, all lanes, and all that Slot says. It is taken
	// after Task.mu and before madeContext.mu. What is done with it may free a slot
	// or make a job eligible, so it is taken by lock and given back by unlock,
	// which grants; where nothing changes, directly.
	mu sync.Mutex

	workers  int  // slots
	running  int  // slots held
	queued   int  // jobs that wait for their first start
	parked   int  // jobs that gave their slot back, or are getting it again
	live     int  // jobs accepted and not ended
	helpers  int  // goroutines of the Runner, and callbacks that timers and contexts may yet start
	hired    int  // workers, so far
	hiring   bool // a worker is on its way and has not looked for a job yet
	closed   bool // no more submissions
	stopped  bool // no more slots, either
	finished bool // drained is closed
	cause    error

	seq     uint64        // jobs queued so far
	byRank  [classes]int  // queued, by class
	rings   [classes]ring // eligible bands, by rank
	ready   uint8         // a bit a ring that is not empty
	lanes   map[string]*lane
	recent  *lane          // the latest, kept without jobs too
	limits  map[string]int // of SetKeyLimit
	spare   []*lane
	timed   laneHeap      // lanes whose pause or refusal ends by itself
	timer   *time.Timer   // the one for timed; nil until the first use
	alarm   time.Duration // when the timer goes off; 0 = not set
	blocked jobList       // submissions that wait for room, in order
	waits   []*jobWait    // free for reuse
	slab    []Slot        // the next slots
	entries []*jobEntry   // free for reuse; with those in use as many as there were jobs at once

	scopes map[context.Context]*jobScope // by the context of submission
	last   *jobScope                     // the latest, kept without jobs too

	doomed    jobList // jobs that ended before they started and have to hear it
	resolving bool    // a goroutine is telling them

	failed   map[*Slot]jobFailure // failures that only Close can report
	failures int                  // how many more there were
}

// NewRunner returns a Runner for cfg.
func NewRunner(cfg RunnerConfig) *Runner {
	r := &Runner{
		epoch:     time.Now(),
		queue:     cfg.Queue,
		slack:     [classes]time.Duration{0, time.Second, 5 * time.Second, 20 * time.Second, 60 * time.Second},
		keyLimit:  max(cfg.KeyLimit, 0),
		admission: cfg.Admission,
		drained:   make(chan struct{}),
		workers:   cfg.Workers,
		lanes:     make(map[string]*lane),
		limits:    make(map[string]int),
		scopes:    make(map[context.Context]*jobScope),
		failed:    make(map[*Slot]jobFailure),
	}
	if r.workers <= 0 {
		r.workers = runtime.GOMAXPROCS(0)
	}
	if r.queue <= 0 {
		r.queue = 1024
	}
	r.ahead = r.queue
	if cfg.Ahead > 0 {
		r.ahead = min(cfg.Ahead, r.queue)
	}
	r.refill = min(cfg.Refill, r.ahead)
	if cfg.Slack != nil {
		for rank, slack := range cfg.Slack {
			// Half the range leaves room to add the age of the Runner.
			r.slack[rank] = min(max(slack, math.MinInt64/2), math.MaxInt64/2)
		}
	}
	return r
}

// Go submits fn. It blocks while the queue is full, lending the slot of the job
// it is called from, if that is one of r; it returns context.Cause(ctx) when ctx
// ends first, and ErrClosed after Close or Stop.
//
// When Go has returned nil, fn is called exactly once. Its context is derived
// from ctx, holds the job's slot (SlotFrom), and lasts at least until the last of
// the jobs that were submitted with ctx has ended. When ctx ends, QueueTimeout
// passes or the Runner is stopped before the job has a slot, fn is called
// without one, promptly and with a context that has ended: context.Cause tells
// why. Calls of that kind come one after the other.
//
// A panic in fn, or runtime.Goexit, ends that job only; Close returns it.
//
// Submit many jobs with one ctx rather than with one each: what ctx costs is
// then paid once.
func (r *Runner) Go(ctx context.Context, j Job, fn func(context.Context)) error {
	return r.submit(ctx, j, nil, goBody(fn), true)
}

// TryGo is Go, except that it returns ErrQueueFull where Go would block.
func (r *Runner) TryGo(ctx context.Context, j Job, fn func(context.Context)) error {
	return r.submit(ctx, j, nil, goBody(fn), false)
}
