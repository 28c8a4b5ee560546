package asynccore

import (
	"context"
	"math"
	"runtime"
	"sync"
	"time"
)

// Job says how a Runner is to treat a function. The zero value is a Normal job
// without key or limits.
type Job struct {
	Priority Priority

	// Key names the lane of the job, for example an origin. Jobs without a key
	// share a lane that knows neither key limit nor Admission.
	Key string

	// QueueTimeout is how long the job may wait for its first start. After
	// that it does not run, for the reason *TimeoutError{Op: "queue wait"}.
	// 0 = no limit.
	QueueTimeout time.Duration

	// Timeout ends the context of the job this long after its first start, with
	// the cause *TimeoutError{Op: "job"}. Parked time counts. 0 = no limit.
	Timeout time.Duration
}

// Admission decides, beyond a free slot and the key's limit, whether a lane may
// have a slot now. Its methods are called with the Runner locked, one at a
// time: they must be quick and must not call the Runner.
type Admission interface {
	// Admit reports whether a job of key may have a slot now; resumed tells a
	// job that comes back by Slot.Acquire from one that starts. With ok, the
	// slot is taken and exactly one Release will follow. Without, the lane
	// stands aside and is asked again at until (a millisecond from now at the
	// earliest) or, if until is zero, when a slot of the lane is released; in
	// either case also after Wake(key). Compute until from now.
	Admit(key string, resumed bool, now time.Time) (until time.Time, ok bool)

	// Release says that a slot that Admit granted to key was given back.
	Release(key string, now time.Time)
}

// RunnerConfig sets up a Runner. The zero value is usable.
type RunnerConfig struct {
	// Workers is how many jobs hold a slot at once. <= 0: GOMAXPROCS, which
	// suits jobs that compute; jobs that wait want more.
	Workers int

	// Queue is how many jobs may be in the Runner without a slot: waiting for
	// their first start, beyond those that free slots are about to take, or
	// parked by Slot.Release. Submitting blocks beyond that, so that memory is
	// bounded. <= 0: 1024.
	Queue int

	// Slack is the slack of each class, from Critical to InBackground (see
	// Priority). nil: 0, 1 s, 5 s, 20 s, 60 s.
	Slack *[5]time.Duration

	// KeyLimit is how many slots the jobs of one key may hold at once, unless
	// SetKeyLimit says otherwise. <= 0: no limit.
	KeyLimit int

	// Admission is asked for each slot for a job that has a key. nil: none.
	Admission Admission
}

// Runner runs jobs on a bounded number of slots. Close it when done.
//
// A job waits in the lane of its key. Within a lane and class the order is that
// of submission. Within a class the eligible lanes take turns, where a lane is
// eligible that holds jobs and is neither at its limit, nor paused, nor refused
// by Admission; the others are skipped and hold up nobody. Between classes, the
// job whose turn it is in its class competes with its time of submission plus
// the slack of the class, and the earliest wins (see Priority).
//
// Once a job is the first of its class in an eligible lane, at time t, only
// jobs submitted before t + slack get a slot before it, and of these only such
// as are in the Runner then. So, as long as the lane stays eligible, it waits
// at most for its slack and then for (Queue + Workers) / Workers services,
// whatever is submitted meanwhile. A job that has others of its class before it
// in its lane waits that long for each of them at most.
//
// All methods may be called from any goroutine. Without jobs a Runner has no
// goroutine; with jobs it has one a slot in use and one a parked job, and three
// more at most, apart from those that timers start.
type Runner struct {
	epoch     time.Time // times are kept as durations since then
	queue     int
	slack     [classes]time.Duration // by rank
	keyLimit  int
	admission Admission
	drained   chan struct{} // closed when the Runner is closed and nothing of it is left

	mu sync.Mutex // guards everything below, all lanes, and all that Slot says

	workers  int  // slots
	running  int  // slots held
	queued   int  // jobs that wait for their first start
	parked   int  // jobs that gave their slot back, or are getting it again
	live     int  // jobs accepted and not ended
	helpers  int  // goroutines of the Runner, and callbacks that timers and contexts may yet start
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
	limits  map[string]int // of SetKeyLimit
	spare   []*lane
	timed   laneHeap      // lanes whose pause or refusal ends by itself
	timer   *time.Timer   // the one for timed; nil until the first use
	alarm   time.Duration // when the timer goes off; 0 = not set
	blocked slotList      // submissions that wait for room, in order
	waits   []*jobWait    // free for reuse
	slab    []Slot        // the next slots

	scopes map[context.Context]*jobScope // by the context of submission
	last   *jobScope                     // the latest, kept without jobs too

	doomed    slotList // jobs that ended before they started and have to hear it
	resolving bool     // a goroutine is telling them

	failed   map[*Slot]error // failures that only Close can report
	failures int             // how many more there were
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
		failed:    make(map[*Slot]error),
	}
	if r.workers <= 0 {
		r.workers = runtime.GOMAXPROCS(0)
	}
	if r.queue <= 0 {
		r.queue = 1024
	}
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
// from ctx, holds the job's slot (SlotFrom), and lasts until the last of the
// jobs that were submitted with ctx has ended. When ctx ends, QueueTimeout
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
