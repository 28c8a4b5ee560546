package ops

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/queue"
)

// QueuedRequest is one "specify batch --queue". What its Settings say of how
// requests are made is for the workers to say, but for method and body, which
// are a part of each task.
type QueuedRequest struct {
	BatchRequest
	Address string // of the queue
	Detach  bool   // put the tasks on the queue and leave
	Attach  string // the run to go on with or, without input, to collect; empty is a new one
	// Named tells the run's name once it is known.
	Named func(run string)
}

// RunNames remembers which run the records in a results file are of.
type RunNames interface {
	Get(results string) (run string, err error) // empty for none
	Set(results, run string) error
	Remove(results string) error
}

// Queued is the operation behind "specify batch --queue": Batch, with its tasks
// carried out by workers.
type Queued struct {
	Lists   Lists
	Open    OpenQueue
	Results OpenResults
	Folder  OpenFolder // to look at
	Bodies  func(ctx context.Context, path string) (BodyFolder, error)
	Names   RunNames
}

// QueuedSummary is a Summary, and how many tasks were put on the queue.
type QueuedSummary struct {
	Summary
	Run       string
	Published int64 // with those of earlier calls
}

// Run puts the tasks of the input on the queue, while it hands the records that
// come back to Results: one for each task, of those that have come more than
// once the first. Errors are as Batch.Run's, or a *QueueError.
//
// A run that was stopped stays on the queue, and workers go on with it. To go on
// is to publish the rest of its input, which must be the same list, and to
// collect all of its records: those that are in the results file already are not
// written again.
func (b Queued) Run(ctx context.Context, req QueuedRequest) (sum QueuedSummary, err error) {
	began := time.Now()
	in := newInput(b.Lists, &req.BatchRequest)
	r := &queuedRun{Queued: b, req: &req, in: in, total: -1, expected: -1}
	if r.hasInput() {
		in.sum = newIdentitySum()
		if r.total, err = in.check(); err != nil {
			return sum, err
		}
	}
	if !req.Detach {
		if r.results, err = b.Results(req.Results, req.Resume); err != nil {
			return sum, err
		}
	}
	defer func() {
		if r.results == nil {
			return
		}
		if closeErr := r.results.Close(); closeErr != nil {
			err = errors.Join(&LocalError{closeErr}, err)
		}
	}()
	r.stop, r.end = withDeadline(ctx, req.Deadline)
	defer r.end(nil)
	switch r.q, err = b.Open(r.stop, req.Address, req.Tell); {
	case err == nil:
		defer r.q.Close()
		if err = r.identify(); err != nil {
			return sum, err
		}
		err = r.carry()
	case r.stop.Err() == nil || r.results == nil:
		return sum, err
	default: // it was stopped while it waited
		err = r.unfinished()
	}
	sum = QueuedSummary{Summary: Summary{Tally: r.tally, Elapsed: time.Since(began)}, Run: r.run.ID, Published: r.run.Tasks}
	sum.Verdict = sum.Tally.Verdict(req.Allow)
	return sum, err
}

// queuedRun is one call of Queued.Run.
type queuedRun struct {
	Queued
	req     *QueuedRequest
	in      *input
	q       Queue
	results Results // nil where they are not collected
	stop    context.Context
	end     context.CancelCauseFunc
	total   int64 // tasks of the input, -1 when that is not known
	run     queue.Run
	known   bool // the run was begun by an earlier call
	alone   bool // it was told that there is no worker

	mu       sync.Mutex // guards the fields below
	tally    Tally
	got      places // of the tasks whose record was collected
	expected int64  // how many there will be; -1 while that is not known
	line     []byte
}

// sum is that of the identities of the input, empty when they are not known
// beforehand.
func (r *queuedRun) sum() string {
	if !r.hasInput() || r.in.census == nil {
		return ""
	}
	return r.in.sum.String()
}

func (r *queuedRun) hasInput() bool { return len(r.req.URLs)+len(r.req.Files) > 0 }

// keeps reports whether the records go to a file, which can be resumed.
func (r *queuedRun) keeps() bool {
	return r.results != nil && r.req.Results != "" && r.req.Results != "-"
}

// identify finds the run to go on with, or begins a new one.
func (r *queuedRun) identify() error {
	name := r.req.Attach
	if name == "" && r.keeps() && r.req.Resume {
		var err error
		if name, err = r.Names.Get(r.req.Results); err != nil {
			return &LocalError{err}
		}
	}
	if name != "" {
		run, ok, err := r.q.LoadRun(r.stop, name)
		switch {
		case err != nil:
			return r.failed(err)
		case ok && run.Input != "" && r.sum() != "" && run.Input != r.sum():
			return changedList(name)
		case ok:
			r.run, r.known = run, true
			if err := r.agree(); err != nil {
				return err
			}
		case r.req.Attach != "":
			return &InputError{Err: fmt.Errorf("no run %q is on the queue: it has been collected, or never was there", name)}
		}
	}
	if !r.known {
		id := make([]byte, 8)
		_, _ = rand.Read(id) // never fails
		r.run = queue.Run{ID: hex.EncodeToString(id), Input: r.sum(), Bodies: r.req.OutputDir != ""}
		if err := r.q.SaveRun(r.stop, r.run); err != nil {
			return r.failed(err)
		}
	}
	if r.keeps() {
		if err := r.Names.Set(r.req.Results, r.run.ID); err != nil {
			return &LocalError{err}
		}
	}
	r.req.Named(r.run.ID)
	r.lookForWorkers(r.stop)
	return nil
}

func changedList(run string) error {
	return &InputError{
		Err:  fmt.Errorf("the list is not the one that run %s was begun with", run),
		Hint: "collect that run first, with --attach " + run + " and without a list; what is new in the list is for a run after it",
	}
}

// failed gives err its type, unless it is the end of the run.
func (r *queuedRun) failed(err error) error {
	if err == nil || r.stop.Err() != nil && errors.Is(err, context.Cause(r.stop)) {
		return nil
	}
	if _, typed := errors.AsType[interface {
		error
		ErrorType() string
	}](err); typed {
		return err
	}
	return queueError(err)
}

// carry publishes and collects until all is done or the run is stopped.
func (r *queuedRun) carry() error {
	if r.results == nil {
		if r.run.Whole {
			return nil
		}
		return r.failed(r.publish(nil))
	}
	var dir BodyFolder // stays nil where bodies are not collected
	if r.run.Bodies {
		var err error
		if dir, err = r.Bodies(r.stop, r.req.OutputDir); err != nil {
			return &LocalError{err}
		}
		defer func() {
			if err := dir.Close(); err != nil { // all files are at their places
				r.req.Tell.Warn("%v", err)
			}
		}()
	}
	c := r.collect(dir)
	r.req.Watcher.Planned(r.total, r.progress)
	err := r.make(c)
	if err != nil {
		c.end()
	}
	if errors.Is(err, errCollectionOver) {
		err = nil
	}
	err = errors.Join(r.failed(err), r.failed(c.wait()))
	if local, ok := errors.AsType[*LocalError](context.Cause(r.stop)); ok && r.results.Err() == nil {
		err = errors.Join(err, local) // no body can be kept any more
	}
	switch {
	case err == nil && r.whole():
		return r.complete()
	case r.results.Err() != nil: // what is left cannot be told
		return err
	}
	return errors.Join(err, r.unfinished())
}

// make sees to it that all tasks get on the queue, and tells c how many they are.
func (r *queuedRun) make(c *collection) error {
	switch {
	case r.run.Whole:
	case r.hasInput():
		if err := r.publish(c); err != nil {
			return err
		}
	default:
		if err := r.awaitWhole(); err != nil {
			return err
		}
	}
	c.expect(r.run.Tasks)
	return nil
}

// awaitWhole waits until whoever publishes the run has put all of it on the
// queue.
func (r *queuedRun) awaitWhole() error {
	for {
		run, ok, err := r.q.LoadRun(r.stop, r.run.ID)
		switch {
		case err != nil:
			return err
		case !ok:
			return &InputError{Err: fmt.Errorf("run %s is not on the queue any more: somebody else has collected it", r.run.ID)}
		case run.Whole:
			r.run = run
			return nil
		}
		if err := asynccore.Sleep(r.stop, time.Second); err != nil {
			return err
		}
	}
}

// complete ends a run whose records are all there: first they are made safe,
// then it is forgotten.
func (r *queuedRun) complete() error {
	if err := r.results.Close(); err != nil {
		return &LocalError{err}
	}
	if err := r.q.EndRun(r.stop, r.run); err != nil {
		r.req.Tell.Warn("%v (all records are there; the run's remains on the queue expire in 30 days)", err)
	}
	if r.keeps() {
		if err := r.Names.Remove(r.req.Results); err != nil {
			r.req.Tell.Warn("%v", err)
		}
	}
	return nil
}

// progress is how the run stands, as far as its records do not tell.
func (r *queuedRun) progress() Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Progress{Skipped: r.tally.Skipped, Stopping: r.stop.Err() != nil}
}

// skip counts a task that an earlier run has completed.
func (r *queuedRun) skip() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tally.Skipped++
}

// unfinished gives the tasks that have no record yet one that says so. They stay
// on the queue.
func (r *queuedRun) unfinished() error {
	cause := context.Cause(r.stop)
	if cause == nil {
		return nil // an error ends the run, and tells
	}
	again := newInput(r.Lists, &r.req.BatchRequest)
	again.census = r.in.census
	if r.hasInput() && again.census != nil { // lists that can be read once more
		for t, err := range again.tasks() {
			if err != nil {
				return err
			}
			if _, done := r.results.Done(t.ID); !done && !r.has(t.Seq) {
				r.record(unfinished(t, time.Now(), cause))
			}
		}
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	left := max(r.expected, r.run.Tasks) - r.got.count
	if left > 0 {
		r.tally.Tasks += left
		r.tally.Unfinished += left
		r.req.Tell.Warn("%d tasks are still on the queue, without a record here", left)
	}
	return nil
}
