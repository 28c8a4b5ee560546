package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/queue"
	"github.com/specify-cli/specify/internal/task"
)

// errCollected ends a collection that has all records.
var errCollected = errors.New("all records are collected")

// errCollectionOver stands for what the collection itself tells.
var errCollectionOver = errors.New("the collection has ended")

// collection takes the records of a run as they come.
type collection struct {
	*queuedRun
	ctx      context.Context
	cancel   context.CancelCauseFunc
	caughtUp chan struct{}             // closed when those are taken that were there at the beginning
	taking   *asynccore.Task[struct{}] // ends with it
	bodies   *bodies                   // nil where they are not collected
}

// Recorded is what Results may also know: whether the line of a task that is not
// done is there already.
type Recorded interface{ Recorded(line []byte) bool }

// collect begins to take records. That ends with the run's stop, when it has all
// of them, or with end; carry waits for it. dir gets the bodies; nil is none.
func (r *queuedRun) collect(dir BodyFolder) *collection {
	c := &collection{queuedRun: r, caughtUp: make(chan struct{})}
	c.ctx, c.cancel = context.WithCancelCause(r.stop)
	if dir != nil {
		c.collectBodies(dir)
	}
	looking := asynccore.Background(c.ctx, func(ctx context.Context) (struct{}, error) {
		r.watchWorkers(ctx)
		return struct{}{}, nil
	})
	c.taking = asynccore.Background(c.ctx, func(ctx context.Context) (_ struct{}, err error) {
		defer func() {
			c.bodies.wait()
			c.cancel(nil)
			_, bug := looking.Wait(context.WithoutCancel(ctx))
			err = errors.Join(err, bug)
		}()
		return struct{}{}, c.all()
	})
	return c
}

// end ends it before it has all.
func (c *collection) end() { c.cancel(nil) }

// wait returns how it ended.
func (c *collection) wait() error {
	_, err := c.taking.Wait(context.WithoutCancel(c.ctx))
	return err
}

// expect says how many records there will be.
func (c *collection) expect(n int64) {
	c.mu.Lock()
	c.expected = n
	c.mu.Unlock()
	if c.whole() {
		c.cancel(errCollected)
	}
}

// whole reports whether there is a record of each task.
func (r *queuedRun) whole() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.expected >= 0 && r.got.count >= r.expected
}

// has reports whether the record of the task at that place was collected.
func (r *queuedRun) has(seq int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got.has(seq)
}

func (c *collection) all() error {
	stored := uint64(0)
	if c.known {
		var err error
		if stored, err = c.q.Stored(c.ctx, c.run.ID); err != nil {
			return err
		}
	}
	if stored == 0 {
		close(c.caughtUp)
	}
	seen := uint64(0)
	for res, err := range c.q.Results(c.ctx, c.run.ID) {
		if err != nil {
			return err
		}
		if err := c.take(res); err != nil {
			return err
		}
		if c.results.Err() != nil { // nothing more can be kept
			c.queuedRun.end(c.results.Err())
			return nil
		}
		if seen++; seen == stored {
			close(c.caughtUp)
		}
		if c.whole() {
			return nil
		}
	}
	return nil
}

// take hands on the record that a worker has published, unless there was one of
// the task before.
func (c *collection) take(res queue.Result) error {
	var rec task.Record
	if err := json.Unmarshal(res.Line, &rec); err != nil {
		return &InputError{Err: fmt.Errorf("a record of run %s cannot be read: %w (is a worker of another version?)", c.run.ID, err)}
	}
	if !c.first(&rec) {
		return nil
	}
	if c.bodies != nil && rec.Outcome.Good() && rec.Output != nil {
		if res.Body != "" {
			c.bodies.begin(&rec, res)
			return nil
		}
		c.bodies.elsewhere(&rec)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(&rec, res.Line)
	return nil
}

// first reports whether there is something to do for a record: it is the first
// of its task, and no earlier run has completed that.
func (c *collection) first(rec *task.Record) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.got.add(rec.Seq) {
		return false
	}
	if _, done := c.results.Done(rec.ID); c.known && done && rec.Outcome.Good() && c.bodies.has(rec) {
		c.tally.Skipped++
		return false
	}
	return true
}

// settle writes a record, unless an earlier run has. mu is held.
func (c *collection) settle(rec *task.Record, line []byte) {
	if earlier, ok := c.results.(Recorded); ok && c.known && earlier.Recorded(line) {
		c.count(rec)
		return
	}
	c.write(rec, line)
}

// record hands on a record that was made here.
func (r *queuedRun) record(rec *task.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.line = rec.Append(r.line[:0])
	r.write(rec, r.line)
	records.Put(rec)
}

// write writes a record, of which line is the NDJSON. mu is held.
func (r *queuedRun) write(rec *task.Record, line []byte) {
	if r.req.Render != nil {
		line = r.req.Render(nil, rec)
	}
	if r.results.Append(line) == nil {
		r.count(rec)
	}
}

// count counts a record that is written. mu is held.
func (r *queuedRun) count(rec *task.Record) {
	r.tally.Add(rec)
	r.req.Watcher.Ended(rec)
}
