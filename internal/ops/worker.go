package ops

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/queue"
	"github.com/specify-cli/specify/internal/task"
)

// WorkerRequest is one "specify worker". Of the Settings, method and body are
// not looked at: a task brings its own.
type WorkerRequest struct {
	Address string // of the queue
	Settings
	AllowExec bool // tasks may be commands
	Bodies
	Watcher Watcher
}

// givenUpFor is how long a worker has given an origin up for. What a batch gives
// up for its own time, a worker, which outlives many, must not give up for good.
const givenUpFor = 10 * time.Minute

// Worker is the operation behind "specify worker".
type Worker struct {
	Open    OpenQueue
	Connect Connect
	Runner  Runner
	Folder  OpenFolder // names may be claimed again and again: a task may come twice
	Spool   OpenFolder // for bodies on their way to the queue; the path is not looked at
	Span    Span
}

// Run takes tasks from the queue, and carries them out as Batch does, until ctx
// ends; what has not ended Grace after that goes back to the queue, and what was
// not begun at once. It returns a *QueueError or an *InputError when the queue
// cannot be used, and a *LocalError when outputs cannot be written: then what is
// in hand goes back, too.
func (w Worker) Run(ctx context.Context, req WorkerRequest) (sum Summary, err error) {
	began := time.Now()
	stop, cancel := withDeadline(ctx, req.Deadline)
	defer cancel(nil)
	q, err := w.Open(stop, req.Address, req.Tell)
	if err != nil && stop.Err() != nil {
		return sum, nil // stopped while it waited
	}
	if err != nil {
		return sum, err
	}
	defer q.Close()
	req.GivenUpFor = givenUpFor
	conn, err := w.Connect(req.Settings)
	if err != nil {
		return sum, err
	}
	defer conn.Close()
	r := &workerRun{
		Worker: w, req: &req, conn: conn, q: q, stop: stop, end: cancel,
		hands:  hands{req.folder(w.Folder), req.executor(conn, w.Runner, w.Span, req.Inline, cancel)},
		spool:  folder{open: w.Spool, path: ".", sums: req.Sums, spool: true},
		runner: asynccore.NewRunner(asynccore.RunnerConfig{Workers: conn.Jobs, Queue: q.Most(), Admission: conn.Gate}),
	}
	conn.Gate.Bind(r.runner.Wake)
	req.Watcher.Planned(-1, r.progress)
	workErr := q.Work(stop, r.take)
	cancel(workErr)
	runErr := r.runner.Close(context.WithoutCancel(ctx))
	err = errors.Join(r.bug, r.cause(workErr), runErr)
	sum = Summary{Tally: r.tally, Elapsed: time.Since(began)}
	if closeErr := errors.Join(r.folder.close(), r.spool.close()); closeErr != nil {
		req.Tell.Warn("%v", closeErr)
	}
	return sum, err
}

// workerRun is one run of a Worker.
type workerRun struct {
	Worker
	req  *WorkerRequest
	conn Connection
	q    Queue
	stop context.Context
	end  context.CancelCauseFunc
	hands
	spool  folder // for bodies that go on to the queue
	runner *asynccore.Runner

	mu    sync.Mutex // guards the fields below
	tally Tally
	bug   error // the first panic of a task, as an *asynccore.PanicError
}

// cause is the error that has ended the run; nil where it was told to end.
func (r *workerRun) cause(workErr error) error {
	if workErr != nil {
		return queueError(workErr)
	}
	cause := context.Cause(r.stop)
	if local, ok := errors.AsType[*LocalError](cause); ok {
		return local
	}
	if wrong, ok := errors.AsType[*InputError](cause); ok {
		return wrong
	}
	return nil
}

func (r *workerRun) progress() Progress {
	return Progress{Active: r.runner.Stats().Running, Stopping: r.stop.Err() != nil, Pauses: r.conn.Gate.Pauses(time.Now())}
}

// take is how a partition's tasks are taken while it is ours.
func (r *workerRun) take(stop context.Context) queue.Taker {
	wire, cut, release := inFlight(stop)
	context.AfterFunc(stop, func() {
		if cause := context.Cause(stop); errors.Is(cause, queue.ErrLost) {
			cut(cause) // another worker may be at it
		}
	})
	context.AfterFunc(wire, release)
	s := &workShare{workerRun: r, stop: stop, wire: wire}
	return s.take
}

// ended counts a task whose record is safe.
func (r *workerRun) ended(rec *task.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := bug(rec); p != nil && r.bug == nil {
		r.bug = p
		r.end(p)
	}
	r.tally.Add(rec)
	r.req.Watcher.Ended(rec)
	records.Put(rec)
}
