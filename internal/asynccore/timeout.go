package asynccore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// WithTimeout calls fn under a context that ends after d with a *TimeoutError
// as its cause. fn runs on the caller's goroutine, so WithTimeout never
// returns before it: fn must obey its context for the limit to help.
//
// A failure of fn once d is over is a *TimeoutError, with fn's own error
// beside it if that says more than the context's; a success that comes late
// stays one. A failure when ctx ended first, or before d, is returned as it
// is. If d <= 0 or ctx is done, fn is not called and the cause is returned. A
// panic in fn goes on to the caller.
func WithTimeout(ctx context.Context, d time.Duration, fn func(context.Context) error) error {
	expired := &TimeoutError{Op: "operation", After: d}
	ctx, cancel := context.WithTimeoutCause(ctx, d, expired)
	defer cancel()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err := fn(ctx)
	switch {
	case err == nil || context.Cause(ctx) != error(expired):
		return err
	case err == ctx.Err():
		return expired
	case errors.Is(err, expired):
		return err
	}
	// What a cut operation returns often does not name the context
	// ("signal: killed", "i/o timeout"), so every failure counts.
	return fmt.Errorf("%w: %w", expired, err)
}
