package asynccore

import (
	"context"
	"errors"
	"time"
)

// Retry calls fn until it succeeds or p allows no further attempt, waiting in
// between as p says. attempt counts from 1. An error that has a method
// RetryAfter() time.Duration, or wraps one that has, sets the least wait; one
// made by Permanent ends the loop. A wait that would reach ctx's deadline is not
// begun: Retry fails at once. Its failure is always a *RetryError that wraps the
// last error of fn, unless ctx has ended before the first attempt: then it is
// context.Cause(ctx). A panic in fn goes on to the caller.
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
	return Sleep(ctx, wait)
}
