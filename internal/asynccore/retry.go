package asynccore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// ErrRetriesExhausted says that a policy allows no further retry.
var ErrRetriesExhausted = errors.New("retries exhausted")

// Jitter is how the wait before a retry is drawn.
type Jitter uint8

const (
	// JitterFull draws it evenly from zero to the backoff, so that callers who
	// failed together do not come back together. It is the zero value.
	JitterFull Jitter = iota
	// JitterNone takes the backoff itself.
	JitterNone
)

// RetryPolicy says how often to retry, and after what wait. It is a value: copy
// and share it freely. The zero value never retries.
type RetryPolicy struct {
	Max    int           // retries; there are at most Max+1 attempts
	Base   time.Duration // the backoff before the first retry; 0 or less: none at all
	Cap    time.Duration // the longest backoff; 0 or less: 100 years
	Factor float64       // what each retry multiplies the backoff by; below 1 (0 too): 2
	Jitter Jitter
	// MaxTime bounds the whole: no attempt but the first begins when this much
	// time or more has passed since the first began. 0 or less: no bound.
	MaxTime time.Duration
	Budget  *RetryBudget // shared bound on retries; nil: none
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

// DeadlineError says that a wait was not begun, as it would have ended at or
// after the context's deadline. It is context.DeadlineExceeded to errors.Is,
// and a net.Error-style timeout.
type DeadlineError struct {
	Op   string        // what the wait is for, for example "backoff"
	Wait time.Duration // how long it would have been
	Left time.Duration // how far away the deadline was
}

// Error names both times.
func (e *DeadlineError) Error() string {
	return fmt.Sprintf("%s of %v does not fit the %v before the deadline", e.Op, e.Wait, e.Left)
}

// Is makes errors.Is(err, context.DeadlineExceeded) true.
func (e *DeadlineError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout reports true, as net.Error asks.
func (e *DeadlineError) Timeout() bool { return true }

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

// Delay returns the wait before a retry, counted from 1: with JitterFull a
// random one in [0, d], else d, where d is min(Cap, Base*Factor^(retry-1)).
func (p RetryPolicy) Delay(retry int) time.Duration {
	if p.Base <= 0 {
		return 0
	}
	limit := maxWait
	if p.Cap > 0 {
		limit = min(p.Cap, maxWait)
	}
	factor := p.Factor
	if !(factor >= 1) { // NaN too
		factor = 2
	}
	d := limit
	// In float64 a power that is too large is +Inf, not a negative duration.
	if f := float64(p.Base) * math.Pow(factor, float64(max(retry, 1)-1)); f < float64(limit) {
		d = time.Duration(f)
	}
	if p.Jitter == JitterNone {
		return d
	}
	return rand.N(d + 1)
}

// Next decides about a retry, counted from 1, when elapsed has passed since the
// first attempt began. floor is the least wait that the other side asked for
// (0 or less: none). It returns how long to wait, which is never less than
// floor, and has then taken one retry from Budget; or the reason not to retry:
// ErrRetriesExhausted, ErrRetryBudget, *MaxTimeError, or *RetryAfterError when
// it is floor that does not fit MaxTime.
func (p RetryPolicy) Next(retry int, floor, elapsed time.Duration) (wait time.Duration, err error) {
	wait, err = p.plan(retry, floor, elapsed)
	if err == nil && !p.Budget.take() {
		return 0, ErrRetryBudget
	}
	if err != nil {
		return 0, err
	}
	return wait, nil
}

// plan is Next without the Budget.
func (p RetryPolicy) plan(retry int, floor, elapsed time.Duration) (time.Duration, error) {
	if retry > p.Max {
		return 0, ErrRetriesExhausted
	}
	wait := max(p.Delay(retry), floor)
	if left := p.MaxTime - elapsed; p.MaxTime > 0 && wait >= left {
		if floor > 0 && floor >= left {
			return 0, &RetryAfterError{After: floor}
		}
		return 0, &MaxTimeError{MaxTime: p.MaxTime, Elapsed: elapsed, Wait: wait}
	}
	return wait, nil
}

// Retry calls fn until it succeeds or p allows no further attempt, waiting in
// between as p says. attempt counts from 1. An error that has a method
// RetryAfter() time.Duration, or wraps one that has, sets the least wait; one
// made by Permanent ends the loop. A wait that would reach ctx's deadline is not
// begun: Retry fails at once. Its failure is always a *RetryError that wraps the
// last error of fn, unless ctx has ended before the first attempt: then it is
// ctx's cause. A panic in fn goes on to the caller.
func Retry[T any](ctx context.Context, p RetryPolicy, fn func(ctx context.Context, attempt int) (T, error)) (T, error) {
	var zero T
	if ctx.Err() != nil {
		return zero, context.Cause(ctx)
	}
	p.Budget.Request()
	start := time.Now()
	for attempt := 1; ; attempt++ {
		v, err := fn(ctx, attempt)
		if err == nil {
			return v, nil
		}
		if _, ok := errors.AsType[*permanentError](err); ok {
			return zero, &RetryError{Attempts: attempt, Err: err}
		}
		if reason := p.pause(ctx, attempt, err, start); reason != nil {
			return zero, &RetryError{Attempts: attempt, Err: err, Reason: reason}
		}
	}
}

// pause waits before a retry, or returns why there is none.
func (p RetryPolicy) pause(ctx context.Context, retry int, last error, start time.Time) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var floor time.Duration
	var asks interface{ RetryAfter() time.Duration }
	if errors.As(last, &asks) {
		floor = asks.RetryAfter()
	}
	wait, err := p.plan(retry, floor, time.Since(start))
	if err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if left := time.Until(deadline); wait >= left {
			if floor > 0 && floor >= left {
				return &RetryAfterError{After: floor}
			}
			return &DeadlineError{Op: "backoff", Wait: wait, Left: left}
		}
	}
	if !p.Budget.take() {
		return ErrRetryBudget
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	if ctx.Err() != nil { // also when both came together
		return context.Cause(ctx)
	}
	return nil
}
