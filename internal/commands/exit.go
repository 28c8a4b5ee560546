package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/ops"
)

// UsageError is a command line that makes no sense.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *UsageError) Unwrap() error { return e.Err }

// usage makes the errors of a check of arguments usage errors.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &UsageError{fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath())}
		}
		return nil
	}
}

// VerdictError carries the verdict on a run that ended by itself. What went
// wrong was told task by task.
type VerdictError struct{ Verdict ops.Verdict }

func (e *VerdictError) Error() string { return "not all tasks are ok" }

func verdict(v ops.Verdict) error {
	if v == ops.Passed {
		return nil
	}
	return &VerdictError{v}
}

// SignalError is the cause of the end of a run that a signal stopped.
type SignalError struct{ Got syscall.Signal }

func (e *SignalError) Error() string {
	return fmt.Sprintf("stopped by signal %d (%v)", e.Got, e.Got)
}

// Signal returns it, for the commands that are to get it too.
func (e *SignalError) Signal() syscall.Signal { return e.Got }

// Status maps what a command returned to the exit status, the one place where
// that is decided (README.md lists them). ctx is the command's context, whose
// cause tells whether a signal ended it.
func Status(ctx context.Context, err error) int {
	if _, ok := errors.AsType[*asynccore.PanicError](err); ok {
		return 70
	}
	if c, ok := errors.AsType[*CommandError](err); ok {
		return c.Status // its own, also when a signal ended us both
	}
	if s, ok := errors.AsType[*SignalError](context.Cause(ctx)); ok {
		if s.Got == syscall.SIGINT {
			return 130
		}
		return 143 // SIGTERM, and SIGHUP as SIGTERM
	}
	if errors.Is(err, syscall.EPIPE) {
		return 141 // as a program that SIGPIPE ended
	}
	switch v, ok := errors.AsType[*VerdictError](err); {
	case err == nil:
		return 0
	case ok:
		return verdictStatus(v.Verdict)
	}
	if _, ok := errors.AsType[*ops.InputError](err); ok {
		return 2
	}
	if _, ok := errors.AsType[*ops.LocalError](err); ok {
		return 6
	}
	if _, ok := errors.AsType[*ops.QueueError](err); ok {
		return 3 // as for targets: run again later
	}
	return 2 // what is left is cobra's: an unknown command or a flag that is missing
}

func verdictStatus(v ops.Verdict) int {
	switch v {
	case ops.Passed:
		return 0
	case ops.Failed:
		return 1
	case ops.Unanswered:
		return 3
	case ops.Integrity:
		return 4
	case ops.Deadline:
		return 5
	case ops.LocalIO:
		return 6
	}
	return 70
}

// Report tells err, unless it was told already.
func Report(w io.Writer, err error) {
	if err == nil || errors.Is(err, syscall.EPIPE) {
		return
	}
	if _, told := errors.AsType[*VerdictError](err); told {
		return
	}
	if c, ok := errors.AsType[*CommandError](err); ok && c.told() {
		return
	}
	if reportJSON(w, err) {
		return
	}
	fmt.Fprintf(w, "specify: error: %s\n", oneLine(err.Error()))
	if in, ok := errors.AsType[*ops.InputError](err); ok && in.Hint != "" {
		fmt.Fprintf(w, "specify: hint: %s\n", oneLine(in.Hint))
	}
	if p, ok := errors.AsType[*asynccore.PanicError](err); ok {
		fmt.Fprintf(w, "specify: this is a bug in specify; please report it with what follows\n%s\n", p.Stack)
	}
}
