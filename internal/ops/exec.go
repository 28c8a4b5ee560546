package ops

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/runtime/journal"
	"github.com/specify-cli/specify/internal/runtime/process"
	"github.com/specify-cli/specify/internal/task"
)

// ExecRequest is one "specify exec".
type ExecRequest struct {
	Argv     []string // the program and its arguments, which see no shell
	Retry    asynccore.RetryPolicy
	RetryOn  ExitCodes     // a signal counts as 128+n, a timeout as 124
	MaxTime  time.Duration // one attempt; 0 is no limit
	Deadline time.Time     // of all of them; zero is none
	Results  string        // file that the record is appended to; empty is none
	Tell     Teller
}

// ExecResult is its one record.
type ExecResult struct{ Record *task.Record }

// Exec is the operation behind "specify exec".
type Exec struct {
	Runner  Runner
	Results OpenResults // nil where no request has Results
	Span    Span
}

// Run runs the command in the foreground until it succeeds or is not to be
// tried again. It returns an *InputError or a *LocalError when the record
// cannot be kept, and finds out before the command is started where it can. A
// command that fails is a record, not an error.
//
// When a signal ends ctx, the command has got the signal too, and what to make
// of it is up to the command; it is not tried again. At the deadline it is told
// to end, and gets process.DefaultGrace for that.
func (e Exec) Run(ctx context.Context, req ExecRequest) (ExecResult, error) {
	if req.Results != "" {
		if err := e.keep(ctx, req.Results, nil); err != nil {
			return ExecResult{}, err
		}
	}
	stop, cancel := withDeadline(ctx, req.Deadline)
	defer cancel(nil)
	t := &task.Task{Exec: req.Argv}
	t.ID = task.ContentID(t)
	x := executor{span: e.Span, commands: &commands{
		runner: e.Runner, tell: req.Tell, foreground: true,
		retry: req.Retry, retryOn: req.RetryOn, maxTime: req.MaxTime,
	}}
	rec := x.run(stop, stop, &admission{task: t, queued: time.Now()}, &files.None{})
	if req.Results != "" {
		if err := e.keep(ctx, req.Results, rec); err != nil {
			return ExecResult{rec}, err
		}
	}
	return ExecResult{rec}, nil
}

// patience is how long the lock on a results file is waited for. Another exec
// has it for milliseconds, a batch to its end.
var patience = asynccore.RetryPolicy{Max: 1000, Base: 2 * time.Millisecond, Cap: 100 * time.Millisecond, MaxTime: 5 * time.Second}

// keep appends rec to the results, or finds out whether that can be done when
// rec is nil. The results are not kept locked while a command runs, so that
// many execs at once may share them.
func (e Exec) keep(ctx context.Context, name string, rec *task.Record) error {
	ctx = context.WithoutCancel(ctx) // what has happened is told, also after a signal
	results, err := asynccore.Retry(ctx, patience, func(context.Context, int) (Results, error) {
		results, err := e.Results(name, true)
		if _, busy := errors.AsType[*journal.LockedError](err); err != nil && !busy {
			err = asynccore.Permanent(err)
		}
		return results, err
	})
	if gaveUp, ok := errors.AsType[*asynccore.RetryError](err); ok {
		err = gaveUp.Err
	}
	if err != nil {
		return err
	}
	if rec != nil {
		err = results.Append(rec.Append(nil))
	}
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return &LocalError{fmt.Errorf("results: %w", err)}
	}
	return nil
}

// Status is the exit status that tells how the command ended: its own, 124 for
// a timeout or the deadline, 125 when it was not its fault, 126 when it cannot
// be run, 127 when there is none, 128+n when signal n ended it.
func (r ExecResult) Status() int {
	switch err := r.Record.Error; {
	case err == nil:
		return 0
	case errors.Is(err, ErrDeadline):
		return process.Status(context.DeadlineExceeded)
	default:
		return process.Status(err)
	}
}
