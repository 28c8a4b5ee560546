package asynccore

import (
	"fmt"
	"time"
)

// RetryError is what Retry returns when it gives up.
type RetryError struct {
	Attempts int   // how many were made
	Err      error // the last attempt's
	// Reason is why there was no further attempt: ErrRetriesExhausted,
	// ErrRetryBudget, *MaxTimeError, *RetryAfterError, *DeadlineError, or the
	// cause of the context's end. It is nil for an error made by Permanent.
	Reason error
}

// Error gives the last error, the number of attempts and, where it says more
// than that, the reason.
func (e *RetryError) Error() string {
	s := fmt.Sprintf("%v after %d attempts", e.Err, e.Attempts)
	if e.Attempts == 1 {
		s = fmt.Sprintf("%v after 1 attempt", e.Err)
	}
	if e.Reason == nil || e.Reason == ErrRetriesExhausted {
		return s
	}
	return fmt.Sprintf("%s: %v", s, e.Reason)
}

// Unwrap returns the last error and, if there is one, the reason.
func (e *RetryError) Unwrap() []error {
	if e.Reason == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Reason}
}

// RetryAfterError says that the other side asked for a wait (Retry-After) that
// is longer than there is time for. It is never shortened: coming early is
// known to fail.
type RetryAfterError struct{ After time.Duration }

// Error names the wait.
func (e *RetryAfterError) Error() string {
	return fmt.Sprintf("asked to wait %v, which does not fit the time left", e.After)
}

// MaxTimeError says that a backoff would end outside a policy's MaxTime. It is
// ErrRetriesExhausted to errors.Is.
type MaxTimeError struct {
	MaxTime time.Duration // the policy's
	Elapsed time.Duration // used of it so far
	Wait    time.Duration // the backoff that does not fit
}

// Error names the budget.
func (e *MaxTimeError) Error() string {
	return fmt.Sprintf("retry time of %v is used up: %v have passed and the next wait is %v", e.MaxTime, e.Elapsed, e.Wait)
}

// Is makes errors.Is(err, ErrRetriesExhausted) true.
func (e *MaxTimeError) Is(target error) bool { return target == ErrRetriesExhausted }

// Permanent marks err as one that no retry can mend; Retry stops at it. It
// reads and unwraps as err. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }

func (e *permanentError) Unwrap() error { return e.err }
