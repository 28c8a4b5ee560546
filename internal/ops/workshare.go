package ops

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/queue"
	"github.com/specify-cli/specify/internal/task"
)

// poison is how often a task may have been begun by workers that did not come
// back before it is taken to be the reason.
const poison = 5

// workShare is a part of the queue that this worker has. Its take is for one
// goroutine.
type workShare struct {
	*workerRun
	stop, wire context.Context // as a run's: of what waits, and of what is in flight
	origins    origins
}

// take takes one task: it stands in line like a batch's, and its record goes to
// the queue.
func (s *workShare) take(m *queue.Message) {
	t, err := task.ParseMessage(m.Data())
	if newer, ok := errors.AsType[*task.NewerError](err); ok {
		m.Return()
		s.end(&InputError{Err: fmt.Errorf("the queue holds %w", newer), Hint: "update this worker; the task stays on the queue"})
		return
	}
	if err != nil {
		s.req.Tell.Warn("queue: dropped a message: %v", err)
		m.Drop(err.Error())
		return
	}
	if err := s.refuse(t, m); err != nil {
		go s.finish(m, t.Seq, s.exec.failedBefore(t, time.Now(), s.stop, err)) // the share waits for the message
		return
	}
	a := s.origins.admit(t, s.conn.Gate)
	err = s.runner.Go(s.stop, asynccore.Job{Priority: t.Priority, Key: a.origin}, func(job context.Context) {
		rec := s.work(job, a, m)
		go s.finish(m, t.Seq, rec) // holds no slot; the share waits for the message
	})
	if err != nil {
		m.Return()
	}
}

// refuse says why a task is not for this worker.
func (s *workShare) refuse(t *task.Task, m *queue.Message) error {
	switch {
	case t.Exec != nil && !s.req.AllowExec:
		return &InputError{Err: errors.New("a command: this worker runs none without --allow-exec")}
	case t.Output != "" && s.req.OutputDir == "" && !m.WantsBody():
		return &LocalError{errors.New("an output: this worker keeps none without --output-dir")}
	}
	for _, raw := range t.URLs {
		if err := CheckURL(raw); err != nil {
			return &InputError{Err: err}
		}
	}
	return nil
}

// work returns the record of a task, nil for one that is to go back to the
// queue.
func (s *workShare) work(job context.Context, a *admission, m *queue.Message) *task.Record {
	if job.Err() != nil || s.stop.Err() != nil {
		return nil
	}
	before, err := m.Begin(s.stop)
	if err != nil {
		return nil
	}
	return s.carryOut(job, s.wire, s.stop, a, func() (opened, error) {
		if before >= poison {
			return opened{}, &task.Error{Type: task.ErrCanceled, Message: fmt.Sprintf("%d workers have begun this task and did not come back", before)}
		}
		return s.output(a.task, m)
	})
}

// finish publishes the record, or gives the task back where there is none or it
// is unfinished.
func (s *workShare) finish(m *queue.Message, seq int64, rec *task.Record) {
	if rec == nil || rec.Outcome == task.Unfinished {
		m.Return()
		return
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(s.wire))
	defer cancel(nil)
	defer context.AfterFunc(s.wire, func() { // a result is worth waiting a little longer for
		timer := time.AfterFunc(Grace, func() { cancel(context.Cause(s.wire)) })
		context.AfterFunc(ctx, func() { timer.Stop() })
	})()
	if m.Done(ctx, seq, s.encode(rec)) == nil {
		s.ended(rec)
	}
}

// encode encodes a record, without its body where that is too long for the
// queue.
func (s *workShare) encode(rec *task.Record) []byte {
	line := rec.Append(nil)
	if most := s.q.MaxRecord(); len(line) > most && (rec.Body != nil || rec.BodyBase64 != "") {
		rec.Body, rec.BodyBase64 = nil, ""
		rec.BodyOmitted = fmt.Sprintf("the record would be longer than the queue's messages (%d bytes)", most)
		line = rec.Append(nil)
	}
	return line
}
