package process

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

const (
	// limitGrace bounds the grace of a command that is stopped for its own
	// sake, so that it is gone within a second of its limit.
	limitGrace = 500 * time.Millisecond

	// linger is how long the outputs of an ended command may stay open in the
	// hands of its descendants: enough for the tee of a process substitution
	// to write its last lines.
	linger = 500 * time.Millisecond
)

// target is what a watch acts upon: a *group, or a test's.
type target interface {
	forward(syscall.Signal) // a signal that we got
	stop(syscall.Signal)    // asks the command and what belongs to it to end
	kill()                  // ends all of it that can be found
	clear()                 // ends what an ended command left in its group
}

// watch decides when a command is stopped, and sees to its end. It knows no
// processes: time and channels only.
type watch struct {
	target  target
	exited  <-chan struct{}  // closed when the command has ended
	drained <-chan struct{}  // closed when its outputs have
	failed  <-chan error     // an output that cannot be written
	signals <-chan os.Signal // to be forwarded; nil in the background

	foreground bool
	limit      time.Duration // 0 is none
	grace      time.Duration
}

// run returns once the command has ended and nobody is to be waited for: nil
// if it ended by itself, else why it was stopped.
func (w *watch) run(ctx context.Context) error {
	reason := w.untilEnd(ctx)
	if w.hasExited() {
		reason = nil // in the same moment; what it did is done
	}
	patience := linger
	if reason != nil {
		patience = w.graceFor(reason)
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()

	if reason != nil {
		w.target.stop(signalFor(reason))
		if !w.untilExit(timer.C) {
			w.target.kill()
			<-w.exited
			return reason
		}
	}
	if w.foreground {
		if reason != nil {
			w.target.kill()
		}
		return reason
	}
	select {
	case <-w.drained:
		if reason == nil {
			w.target.clear()
			return nil
		}
	case <-timer.C:
	}
	w.target.kill()
	return reason
}

// untilEnd waits for the end of the command, nil, or for a reason to stop it.
func (w *watch) untilEnd(ctx context.Context) error {
	var limit, deadline <-chan time.Time
	if w.limit > 0 {
		timer := time.NewTimer(w.limit)
		defer timer.Stop()
		limit = timer.C
	}
	done := ctx.Done()
	for {
		select {
		case <-w.exited:
			return nil
		case sig := <-w.signals:
			w.target.forward(sig.(syscall.Signal))
		case err := <-w.failed:
			return err
		case <-limit:
			return &TimeoutError{Limit: w.limit}
		case <-deadline:
			return &CanceledError{Cause: context.DeadlineExceeded}
		case <-done:
			cause := context.Cause(ctx)
			if !w.foreground || received(cause) == 0 {
				return &CanceledError{Cause: cause}
			}
			// The command has got the signal. A ctx that has ended does not
			// tell of its deadline any more.
			done = nil
			if at, ok := ctx.Deadline(); ok {
				timer := time.NewTimer(time.Until(at))
				defer timer.Stop()
				deadline = timer.C
			}
		}
	}
}

// untilExit reports whether the command ends before enough fires. Signals are
// still forwarded.
func (w *watch) untilExit(enough <-chan time.Time) bool {
	for {
		select {
		case <-w.exited:
			return true
		case sig := <-w.signals:
			w.target.forward(sig.(syscall.Signal))
		case <-enough:
			return false
		}
	}
}

func (w *watch) hasExited() bool {
	select {
	case <-w.exited:
		return true
	default:
		return false
	}
}

func (w *watch) graceFor(reason error) time.Duration {
	if _, ok := errors.AsType[*CanceledError](reason); ok {
		return w.grace
	}
	return min(w.grace, limitGrace)
}

// signalFor returns the signal that asks a command to end.
func signalFor(reason error) syscall.Signal {
	if canceled, ok := errors.AsType[*CanceledError](reason); ok {
		if sig := received(canceled.Cause); sig != 0 {
			return sig
		}
	}
	return syscall.SIGTERM
}
