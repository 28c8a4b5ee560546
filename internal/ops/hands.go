package ops

import (
	"context"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/stack"
	"github.com/specify-cli/specify/internal/task"
)

// hands are what a batch and a worker carry their tasks out with.
type hands struct {
	folder folder
	exec   executor
}

func (b *Bodies) folder(open OpenFolder) folder {
	return folder{open: open, path: b.OutputDir, sums: b.Sums, goOn: b.Continue}
}

// executor carries out the tasks of a run that end ends.
func (s *Settings) executor(conn Connection, r Runner, span Span, inline Inline, end context.CancelCauseFunc) executor {
	return executor{
		fetcher: conn.Fetcher, commands: backgroundCommands(r, *s), span: span, accept: s.Expect.Has,
		unsafe: s.RetryUnsafe, inline: inline, shortage: &shortage{end: end},
	}
}

// carryOut carries a task out in its job, with the output that open begins.
// wire and stop are the run's. It returns a record whatever happens: a
// panic ends the task, not the run.
func (h *hands) carryOut(job, wire, stop context.Context, a *admission, open func() (opened, error)) (rec *task.Record) {
	stack.To8K()
	err := asynccore.Catch(func() error {
		out, err := open()
		if err != nil {
			return err
		}
		defer out.Abort() // does nothing after a Commit
		a.slot = asynccore.SlotFrom(job)
		rec = h.exec.runOn(wire, stop, a, out)
		return nil
	})
	if err != nil {
		rec = h.exec.failedBefore(a.task, a.queued, stop, err)
	}
	return rec
}
