package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/specify-cli/specify/internal/asynccore"
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
}

// Recorded is what Results may also know: whether the line of a task that is not
// done is there already.
type Recorded interface{ Recorded(line []byte) bool }

// collect begins to take records. That ends with the run's stop, when it has all
// of them, or with end; carry waits for it.
func (r *queuedRun) collect() *collection {
	c := &collection{queuedRun: r, caughtUp: make(chan struct{})}
	c.ctx, c.cancel = context.WithCancelCause(r.stop)
	looking := asynccore.Background(c.ctx, func(ctx context.Context) (struct{}, error) {
		r.watchWorkers(ctx)
		return struct{}{}, nil
	})
	c.taking = asynccore.Background(c.ctx, func(ctx context.Context) (_ struct{}, err error) {
		defer func() {
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
	for line, err := range c.q.Results(c.ctx, c.run.ID) {
		if err != nil {
			return err
		}
		if err := c.take(line); err != nil {
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
func (c *collection) take(line []byte) error {
	var rec task.Record
	if err := json.Unmarshal(line, &rec); err != nil {
		return &InputError{Err: fmt.Errorf("a record of run %s cannot be read: %w (is a worker of another version?)", c.run.ID, err)}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.got.add(rec.Seq) {
		return nil
	}
	if c.known {
		if _, done := c.results.Done(rec.ID); done && rec.Outcome.Good() {
			c.tally.Skipped++
			return nil
		}
		if earlier, ok := c.results.(Recorded); ok && earlier.Recorded(line) {
			c.count(&rec)
			return nil
		}
	}
	c.write(&rec, line)
	return nil
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
