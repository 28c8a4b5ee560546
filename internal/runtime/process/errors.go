package process

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// StartError says that the command was not started, or not found. Its message
// holds the program's name and none of its arguments.
type StartError struct {
	Name          string // Argv[0]
	NotFound      bool   // there is no such program: status 127
	NotExecutable bool   // there is, and it cannot be run: status 126
	Err           error  // why, for example syscall.EACCES or syscall.EMFILE
}

// Error names the program and the cause.
func (e *StartError) Error() string { return fmt.Sprintf("start %q: %v", e.Name, e.Err) }

// Unwrap returns the cause.
func (e *StartError) Unwrap() error { return e.Err }

// ErrorType returns "start".
func (e *StartError) ErrorType() string { return "start" }

// ExitError says that the command ended by itself with a status other than 0.
type ExitError struct{ Code int }

// Error names the status.
func (e *ExitError) Error() string { return fmt.Sprintf("exit status %d", e.Code) }

// ErrorType returns "exit".
func (e *ExitError) ErrorType() string { return "exit" }

// SignalError says that a signal which did not come from Run's own stopping
// ended the command.
type SignalError struct {
	Signal syscall.Signal
	Core   bool // it left a core dump
}

// Error names the signal as in "killed by SIGSEGV".
func (e *SignalError) Error() string {
	text := "killed by " + signalName(e.Signal)
	if e.Core {
		text += " (core dumped)"
	}
	return text
}

// ErrorType returns "signal".
func (e *SignalError) ErrorType() string { return "signal" }

// TimeoutError says that the command was stopped because its Limit was over.
// It is context.DeadlineExceeded to errors.Is.
type TimeoutError struct{ Limit time.Duration }

// Error names the limit.
func (e *TimeoutError) Error() string { return fmt.Sprintf("timed out after %v", e.Limit) }

// Is makes errors.Is(err, context.DeadlineExceeded) true.
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout reports true, as net.Error asks.
func (e *TimeoutError) Timeout() bool { return true }

// ErrorType returns "timeout_total".
func (e *TimeoutError) ErrorType() string { return "timeout_total" }

// CanceledError says that the command was stopped, or never started, because
// the context ended. Cause is the context's cause.
type CanceledError struct{ Cause error }

// Error names the cause.
func (e *CanceledError) Error() string { return fmt.Sprintf("canceled: %v", e.Cause) }

// Unwrap returns the cause.
func (e *CanceledError) Unwrap() error { return e.Cause }

// ErrorType returns "timeout_total" if a deadline ended the context, else
// "canceled".
func (e *CanceledError) ErrorType() string {
	if errors.Is(e.Cause, context.DeadlineExceeded) {
		return "timeout_total"
	}
	return "canceled"
}

// SinkError says that the command was stopped, or its output is incomplete,
// because Stdout or Stderr could not take it.
type SinkError struct {
	Stream string // "stdout" or "stderr"
	Err    error
}

// Error names the stream and the cause.
func (e *SinkError) Error() string { return fmt.Sprintf("write %s: %v", e.Stream, e.Err) }

// Unwrap returns the cause.
func (e *SinkError) Unwrap() error { return e.Err }

// ErrorType returns the cause's error type if it has one ("too_large"), else
// "output".
func (e *SinkError) ErrorType() string {
	type typed interface {
		error
		ErrorType() string
	}
	if cause, ok := errors.AsType[typed](e.Err); ok {
		return cause.ErrorType()
	}
	return "output"
}

// received returns the signal that a context's cause stands for, or 0. Such a
// cause is an error with the method Signal() syscall.Signal.
func received(cause error) syscall.Signal {
	type signaled interface {
		error
		Signal() syscall.Signal
	}
	if s, ok := errors.AsType[signaled](cause); ok {
		return s.Signal()
	}
	return 0
}
