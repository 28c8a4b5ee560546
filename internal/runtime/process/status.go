package process

import (
	"context"
	"errors"
)

// Exit statuses that are not the command's own (CONTRACT.md section 5), those
// of timeout(1) and env(1).
const (
	statusTimeout       = 124
	statusFailed        = 125 // we failed, the command did not
	statusNotExecutable = 126
	statusNotFound      = 127
	statusSignal        = 128 // plus the signal's number
)

// Status returns the exit status that a shell would report for what Run
// returned: 0, the command's own, 124 after a limit or a deadline, 126 or 127
// when it could not be run, 128+n when signal n ended it or ended the context,
// else 125.
func Status(err error) int {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[*ExitError](err); ok {
		return e.Code
	}
	if e, ok := errors.AsType[*SignalError](err); ok {
		return statusSignal + int(e.Signal)
	}
	if e, ok := errors.AsType[*StartError](err); ok {
		switch {
		case e.NotFound:
			return statusNotFound
		case e.NotExecutable:
			return statusNotExecutable
		}
		return statusFailed
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return statusTimeout
	}
	if sig := received(err); sig != 0 {
		return statusSignal + int(sig)
	}
	return statusFailed
}
