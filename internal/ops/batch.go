package ops

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/task"
)

// Window is how many tasks are looked at ahead of those that run: within it
// priorities and origins are ordered. A task waiting there costs about 400
// bytes, and twice that until the collector has been by.
const Window = 10_000

// lookAhead returns how much of the window is needed: all of it, or where there
// is nothing to order as many as have a slot: what waits longer has left the
// processor's cache when its turn comes.
func lookAhead(alike bool, slots int) int {
	if !alike {
		return Window
	}
	return min(max(256, slots), Window)
}

// BatchRequest is one "specify batch".
type BatchRequest struct {
	URLs  []string // tasks from arguments, before those of the lists
	Files []string // lists; "-" is standard input
	Settings
	Shard       Shard  // of the tasks, those that are run
	SkipInvalid bool   // a line that cannot be used fails as a task, and the rest runs
	Ordered     bool   // records come in the order of the input
	AllowExec   bool   // lines may be commands
	Results     string // file for the records; "-" is standard output, empty is nowhere
	Resume      bool   // go on with the Results of an earlier run
	Bodies
	Allow     Allow // how many tasks may fail
	FailEarly bool  // stop at the first task that fails
	// Render appends a record to b as one line; nil is the NDJSON of the schema.
	Render  func(b []byte, rec *task.Record) []byte
	Watcher Watcher
}

// Results takes the records of a run, one line each, in the order of the calls.
type Results interface {
	// Append takes a copy of the line, which has no newline. It returns the error
	// of an earlier write once there was one.
	Append(line []byte) error
	// Failed is closed when a write has failed.
	Failed() <-chan struct{}
	// Err returns that failure.
	Err() error
	// Done reports whether an earlier run has completed the task, and the size of
	// its output, -1 for none.
	Done(id string) (outputBytes int64, ok bool)
	// Close waits until all records are written and safe.
	Close() error
}

// OpenResults opens the results file with that name, to go on with it if resume
// is set.
type OpenResults func(name string, resume bool) (Results, error)

// Watcher sees a run from the outside: progress, messages. Its methods are
// called one at a time.
type Watcher interface {
	// Planned tells how many tasks there are, -1 when that is not known, and how
	// to ask, from now on and at any time, how the run stands.
	Planned(total int64, now func() Progress)
	// Ended tells of each record that has been handed to the results. It may not
	// keep the record.
	Ended(rec *task.Record)
}

// Batch is the operation behind "specify batch".
type Batch struct {
	Lists   Lists
	Connect Connect
	Runner  Runner
	Folder  OpenFolder
	Results OpenResults
	Span    Span
}

// Run carries out all tasks of the input and hands a record of each to Results.
// It returns an *InputError for input that cannot be used: before the first
// request when all lists are regular files, else when the line is read, after
// the tasks before it have ended; a *LocalError when results cannot be written,
// which cuts off what is in flight.
//
// A panic in a task ends that task only: its record says that it met a bug, and
// the first panic is returned, as an *asynccore.PanicError, when all have ended.
//
// When ctx ends, nothing new is sent; attempts in flight go on for Grace,
// commands that run are told to end within it, and every task that has not
// ended gets a record as unfinished.
func (b Batch) Run(ctx context.Context, req BatchRequest) (sum Summary, err error) {
	began := time.Now()
	in := newInput(b.Lists, &req)
	total, err := in.check()
	if err != nil {
		return Summary{}, err
	}
	results, err := b.Results(req.Results, req.Resume)
	if err != nil {
		return Summary{}, err
	}
	conn, err := b.Connect(req.Settings)
	if err != nil {
		return Summary{}, errors.Join(err, results.Close())
	}
	defer conn.Close()
	r := b.start(ctx, req, conn, results, lookAhead(in.alike, conn.Jobs))
	req.Watcher.Planned(total, r.progress)
	inputErr := r.admitAll(in)
	runErr := r.runner.Close(context.WithoutCancel(ctx))
	r.release()
	err = errors.Join(r.bug, inputErr, runErr)
	if closeErr := results.Close(); closeErr != nil {
		err = errors.Join(&LocalError{closeErr}, err)
	}
	sum = Summary{Tally: r.tally, Elapsed: time.Since(began)}
	sum.Verdict = sum.Tally.Verdict(req.Allow)
	if closeErr := r.folder.close(); closeErr != nil && sum.Output == 0 {
		req.Tell.Warn("%v", closeErr) // all outputs are at their places; where one is not, its task has told
	}
	return sum, err
}

// batchRun is one run of a Batch.
type batchRun struct {
	Batch
	conn    Connection
	results Results
	hands
	stop    context.Context // ends the run's admission and waits
	end     context.CancelCauseFunc
	wire    context.Context // ends what is in flight
	release func()
	runner  *asynccore.Runner
	render  func([]byte, *task.Record) []byte

	settings  *Settings
	failEarly bool
	origins   origins // of the goroutine that admits

	mu      sync.Mutex // guards the fields below
	tally   Tally
	line    []byte
	watcher Watcher
	bug     error     // the first panic of a task, as an *asynccore.PanicError
	order   *inOrder  // nil without --ordered
	room    sync.Cond // on mu: order may have room
}

func (b Batch) start(ctx context.Context, req BatchRequest, conn Connection, results Results, ahead int) *batchRun {
	stop, cancel := withDeadline(ctx, req.Deadline)
	wire, cut, release := inFlight(stop)
	r := &batchRun{
		Batch: b, conn: conn, results: results, stop: stop, end: cancel, wire: wire, settings: &req.Settings, failEarly: req.FailEarly,
		hands: hands{req.folder(b.Folder), req.executor(conn, b.Runner, b.Span, req.Inline, cancel)},
		runner: asynccore.NewRunner(asynccore.RunnerConfig{
			Workers: conn.Jobs, Queue: Window, Ahead: ahead, Refill: min(ahead/4, Window/64), Admission: conn.Gate,
		}),
		render: req.Render, watcher: req.Watcher,
	}
	r.room.L = &r.mu
	if req.Ordered {
		r.order = newInOrder(Window)
	}
	if r.render == nil {
		r.render = func(b []byte, rec *task.Record) []byte { return rec.Append(b) }
	}
	conn.Gate.Bind(r.runner.Wake)
	watching := asynccore.Background(stop, func(context.Context) (struct{}, error) { // ends with release, which waits for it
		select {
		case <-results.Failed(): // no record can be kept: what is in flight is of no use either
			cancel(results.Err())
			cut(results.Err())
		case <-stop.Done():
		}
		return struct{}{}, nil
	})
	r.release = func() {
		cancel(nil)
		<-watching.Done()
		release()
	}
	return r
}

// admitAll submits the tasks of the input. Once the run is stopped, the rest of
// the input gets records as unfinished; when results cannot be written there is
// no point in that.
func (r *batchRun) admitAll(in *input) error {
	for t, err := range in.tasks() {
		if err != nil {
			return err
		}
		if r.results.Err() != nil {
			return nil
		}
		place, err := r.folder.claim(r.stop, t)
		if err == nil && r.done(t, place) {
			r.skip()
			continue
		}
		r.lineUp(t.Seq)
		switch {
		case err != nil:
			r.record(r.exec.failedBefore(t, time.Now(), r.stop, err))
		case r.stop.Err() != nil:
			r.record(unfinished(t, time.Now(), context.Cause(r.stop)))
		default:
			if err := r.submit(t, place); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *batchRun) submit(t *task.Task, place *files.Place) error {
	a := r.origins.admit(t, r.conn.Gate)
	job := asynccore.Job{Priority: t.Priority, Key: a.origin}
	packed := false
	if a.plain, packed = pack(t, r.settings); packed {
		a.task = nil
	}
	err := r.runner.Go(r.stop, job, func(job context.Context) {
		if packed {
			a.task = a.plain.unpack(r.settings)
			defer tasks.Put(a.task)
		}
		r.record(r.carryOut(job, a, place))
		admissions.Put(a)
	})
	switch {
	case err == nil:
		return nil
	case r.stop.Err() == nil:
		return fmt.Errorf("submit a task: %w", err)
	case packed:
		t = a.plain.unpack(r.settings)
	}
	r.record(unfinished(t, a.queued, context.Cause(r.stop)))
	return nil
}

// carryOut is the body of a task's job.
func (r *batchRun) carryOut(job context.Context, a *admission, place *files.Place) *task.Record {
	if job.Err() != nil {
		return unfinished(a.task, a.queued, context.Cause(job))
	}
	return r.hands.carryOut(job, r.wire, r.stop, a, func() (opened, error) { return r.folder.output(a.task, place, &a.none) })
}

// record hands a record on: to the results, the tally and the watcher, now or
// when its turn has come. It is not to be used afterwards.
func (r *batchRun) record(rec *task.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := bug(rec); p != nil && r.bug == nil {
		r.bug = p
	}
	if rec.Outcome == task.Failed && r.failEarly {
		r.end(ErrFailEarly)
	}
	r.emit(rec)
}

// write writes a record. r.mu is held.
func (r *batchRun) write(rec *task.Record) {
	defer records.Put(rec)
	r.line = r.render(r.line[:0], rec)
	if r.results.Append(r.line) != nil {
		return // the run is being stopped for it; a record that was not written does not count
	}
	r.tally.Add(rec)
	r.watcher.Ended(rec)
}

// done reports whether an earlier run has completed the task: its newest record
// is good, and its output, if it had one, still has the recorded size.
func (r *batchRun) done(t *task.Task, place *files.Place) bool {
	size, ok := r.results.Done(t.ID)
	return ok && (size < 0 || r.folder.holds(place, size))
}

func (r *batchRun) skip() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tally.Skipped++
}
