package ops

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/runtime/queue"
	"github.com/specify-cli/specify/internal/task"
)

// bodiesAtOnce is how many bodies are fetched at a time: each waits for the
// server mostly.
const bodiesAtOnce = 16

// BodyFolder is a Folder that collected bodies are kept in, a task's again and
// again.
type BodyFolder interface {
	Folder
	// Holds reports whether there is a file of that size and sum.
	Holds(name string, size int64, sum files.Checksum) bool
}

// bodies fetches the bodies of a collection's records into its folder.
type bodies struct {
	*collection
	dir  BodyFolder
	ctx  context.Context // of what is in flight: of the run, and not of the looking for records
	room *asynccore.Semaphore
	all  sync.WaitGroup
	once sync.Once // tells that workers keep bodies elsewhere
}

// collectBodies makes c fetch bodies into dir. What is in flight when c has all
// records goes on; it ends with the run, or when c is ended before.
func (c *collection) collectBodies(dir BodyFolder) {
	ctx, cancel := context.WithCancel(c.stop)
	context.AfterFunc(c.ctx, func() {
		if !errors.Is(context.Cause(c.ctx), errCollected) {
			cancel()
		}
	})
	c.bodies = &bodies{collection: c, dir: dir, ctx: ctx, room: asynccore.NewSemaphore(bodiesAtOnce)}
}

// agree sees to it that a run is called as it was begun.
func (r *queuedRun) agree() error {
	switch wants := r.req.OutputDir != ""; {
	case r.run.Bodies == wants:
		return nil
	case wants:
		return &InputError{
			Err:  fmt.Errorf("run %s was begun without --output-dir: its bodies do not come here", r.run.ID),
			Hint: "collect it without --output-dir; for the bodies begin a new run",
		}
	}
	return &InputError{
		Err:  fmt.Errorf("run %s was begun with --output-dir: its bodies are on the queue", r.run.ID),
		Hint: "say where they are to be kept: --output-dir D",
	}
}

// begin fetches the body of rec, and then writes the record, on a goroutine that
// wait waits for. It waits while many are under way. rec is not to be used
// afterwards.
func (b *bodies) begin(rec *task.Record, res queue.Result) {
	release, _ := b.room.Acquire(context.WithoutCancel(b.ctx)) // whoever holds a slot ends with ctx
	b.all.Go(func() {
		defer release()
		b.take(rec, res)
	})
}

// wait returns when all that was begun has ended. b may be nil.
func (b *bodies) wait() {
	if b != nil {
		b.all.Wait()
	}
}

// has reports whether the output of a record that a file of results has is still
// there. b may be nil: then it is not looked for.
func (b *bodies) has(rec *task.Record) bool {
	if b == nil || rec.Output == nil {
		return true
	}
	size, err := b.dir.Size(rec.Output.Path)
	return err == nil && size == rec.Output.Bytes
}

// elsewhere tells, once, that a worker has kept a body in a folder of its own,
// unless that is this one.
func (b *bodies) elsewhere(rec *task.Record) {
	if !b.has(rec) {
		b.once.Do(func() {
			b.req.Tell.Warn("a worker with --output-dir keeps bodies in its own folder: %s, and perhaps more, is not in %s", rec.Output.Path, b.req.OutputDir)
		})
	}
}

// take fetches the body, writes the record, and then removes the body from the
// queue: in this order, so that whoever does it again after a crash finds the
// file, or else the body.
func (b *bodies) take(rec *task.Record, res queue.Result) {
	line := res.Line
	if err := b.keep(rec, res.Body); err != nil {
		if local, ok := errors.AsType[*files.OutputError](err); ok && local.All { // as the next one would
			b.queuedRun.end(&LocalError{err})
		}
		if b.ctx.Err() != nil {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.got.remove(rec.Seq) // it stays on the queue
			return
		}
		rec.Outcome, rec.Output = task.Failed, nil
		rec.Error = &task.Error{Type: task.ErrOutput, Message: err.Error(), Err: err}
		line = rec.Append(nil)
	}
	b.mu.Lock()
	b.settle(rec, line)
	kept := rec.Outcome.Good() && b.results.Err() == nil
	b.mu.Unlock()
	if kept { // else a rerun finds the same, or finds what was in the way gone
		b.q.RemoveBodies(b.ctx, b.run.ID, rec.Seq)
	}
}

// keep makes the body of rec a file of the folder, unless it is there.
func (b *bodies) keep(rec *task.Record, delivery string) error {
	path, sum := rec.Output.Path, files.Checksum{Algorithm: files.SHA256, Hex: rec.Output.SHA256}
	if b.dir.Holds(path, rec.Output.Bytes, sum) {
		return nil
	}
	place, err := b.dir.Claim(path)
	if err != nil {
		return err
	}
	out, err := place.Create()
	if err != nil {
		return err
	}
	defer out.Abort() // does nothing after a Commit
	out.Expect(sum)
	if err := b.q.Body(b.ctx, b.run.ID, rec.Seq, delivery, rec.Output.Bytes, out); err != nil {
		if errors.Is(err, queue.ErrNoBody) {
			return fmt.Errorf("output %s: %w", path, err)
		}
		return err
	}
	if _, err := out.Commit(); err != nil {
		if _, damaged := errors.AsType[*files.ChecksumError](err); damaged {
			return fmt.Errorf("output %s: its body was damaged on the queue", path)
		}
		return err
	}
	return nil
}
