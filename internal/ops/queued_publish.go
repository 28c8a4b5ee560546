package ops

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/runtime/queue"
	"github.com/specify-cli/specify/internal/task"
)

// checkpoint is after how many tasks it is noted how far publishing has come.
const checkpoint = 10_000

// publication puts the input of a run on the queue.
type publication struct {
	*queuedRun
	to      *queue.Publisher
	folder  folder // nothing is written to it: of two tasks for one output the second is found out here
	exec    executor
	origins origins
	sum     *identitySum // of the tasks before next
	from    int64        // place of the first task that may not be on the queue
	next    int64        // of the first that was not looked at
	since   int          // tasks since the last checkpoint
}

// publish puts on the queue what is not there yet. c has the records that there
// are; nil where nobody collects.
func (r *queuedRun) publish(c *collection) error {
	if r.known && c != nil { // what has a record already is not put there again
		select {
		case <-c.caughtUp:
		case <-c.ctx.Done():
			return errCollectionOver
		}
	}
	p := &publication{
		queuedRun: r, to: r.q.Publisher(r.run.ID), folder: folder{open: r.Folder, path: r.req.OutputDir}, sum: newIdentitySum(), from: r.run.Next, next: r.run.Next,
	}
	p.to.Bodies = r.run.Bodies
	defer p.folder.close() // nothing was written
	err := p.all()
	if err == nil {
		r.run.Whole = true
		return p.note(r.stop)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.stop), time.Second)
	defer cancel()
	_ = p.note(ctx) // else it goes on from the last one
	return err
}

func (p *publication) all() error {
	for t, err := range p.in.tasks() {
		if err != nil {
			return err
		}
		if p.stop.Err() != nil {
			return context.Cause(p.stop)
		}
		if err := p.begun(t.Seq); err != nil {
			return err
		}
		if err := p.task(t); err != nil {
			return err
		}
		p.sum.add([]byte(t.ID))
		p.next = max(p.next, t.Seq+1)
		if p.since >= checkpoint {
			if err := p.note(p.stop); err != nil {
				return err
			}
		}
	}
	return p.begun(math.MaxInt64)
}

// begun is asked before each task. It compares what was on the queue already
// with what the list begins with.
func (p *publication) begun(seq int64) error {
	if p.from == 0 || seq < p.from {
		return nil
	}
	if p.sum.String() != p.run.Sum {
		return changedList(p.run.ID)
	}
	p.from = 0
	return nil
}

// note waits until all tasks so far are safe, and notes that.
func (p *publication) note(ctx context.Context) error {
	if p.from > 0 {
		return nil // there is nothing new
	}
	if err := p.to.Flush(ctx); err != nil {
		return err
	}
	p.since = 0
	p.run.Next, p.run.Sum = p.next, p.sum.String()
	return p.q.SaveRun(ctx, p.run)
}

// task puts a task on the queue, unless it is there or done. One that no worker
// can carry out gets its record here.
func (p *publication) task(t *task.Task) error {
	place, err := p.folder.claim(p.stop, t)
	has := p.has(t.Seq)
	switch {
	case !has && p.done(t, place):
		p.skip()
		return nil
	case t.Seq < p.from:
		return nil
	case has:
		err = nil
	case err != nil:
		err = p.fail(t, err)
	default:
		err = p.send(t)
	}
	p.run.Tasks++
	p.since++
	return err
}

// done reports whether an earlier run has completed the task, and its output,
// where that is to be kept here, is still there.
func (p *publication) done(t *task.Task, place *files.Place) bool {
	if p.results == nil {
		return false
	}
	size, ok := p.results.Done(t.ID)
	return ok && (!p.run.Bodies || size < 0 || p.folder.holds(place, size))
}

var errBodyFile = errors.New(`key "body_file": a file of this machine cannot go over a queue (give the body itself)`)

// send puts a task on the queue.
func (p *publication) send(t *task.Task) error {
	if t.BodyFile != "" {
		return p.fail(t, &InputError{Err: errBodyFile})
	}
	data, err := t.Message()
	if err != nil {
		return err
	}
	err = p.to.Task(p.stop, t.Seq, p.lane(t), data)
	if errors.Is(err, queue.ErrTooLarge) {
		return p.fail(t, &InputError{Err: fmt.Errorf("the task, of %d bytes, is %w", len(data), err)})
	}
	return err
}

// lane is what a task must share a worker with: the others of its origin. A
// command goes anywhere.
func (p *publication) lane(t *task.Task) string {
	if t.Exec != nil {
		return t.ID
	}
	return p.origins.of(t.URL())
}

// fail publishes the record of a task that cannot be carried out.
func (p *publication) fail(t *task.Task, why error) error {
	rec := p.exec.failedBefore(t, time.Now(), p.stop, why)
	if rec.Outcome == task.Unfinished {
		return context.Cause(p.stop)
	}
	line := rec.Append(nil)
	records.Put(rec)
	return p.q.Record(p.stop, p.run.ID, t.Seq, line)
}
