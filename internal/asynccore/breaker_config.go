package asynccore

import (
	"errors"
	"fmt"
	"time"

	"github.com/sony/gobreaker/v2"
)

// BreakerState is what a Breaker is in: BreakerClosed, BreakerHalfOpen or
// BreakerOpen. It prints as "closed", "half-open" or "open".
type BreakerState = gobreaker.State

// The states. Calls pass while closed; none passes while open; a few probes
// pass while half-open, and their results decide which of the two comes next.
const (
	BreakerClosed   = gobreaker.StateClosed
	BreakerHalfOpen = gobreaker.StateHalfOpen
	BreakerOpen     = gobreaker.StateOpen
)

// ErrNotCounted marks a result that says nothing about the other side: the
// caller's own cancelling, a bad argument, a local shortage. A Breaker counts
// it neither as a success nor as a failure. Wrap it or pass it as it is.
var ErrNotCounted = errors.New("not counted by the breaker")

// BreakerConfig says when a Breaker opens and closes. DefaultBreakerConfig has
// the usual values. The zero value never opens.
type BreakerConfig struct {
	Key      string // names the breaker in an OpenError
	Failures int    // consecutive failures that open it (0: it never opens)
	// Cooldown is how long it stays open at first (0: 1 s). Each round of
	// probes that fails doubles it, up to MaxCooldown (0: 60 s); closing resets it.
	Cooldown    time.Duration
	MaxCooldown time.Duration
	// Successes is both how many probes may pass in a half-open round and how
	// many of them must succeed to close it (0: 2).
	Successes int
	// Trip is one more condition for leaving the closed state (nil: none). It is
	// asked after each failure from the Failures-th consecutive one on. It runs
	// under the breaker's lock, so it may only read atomics.
	Trip func(consecutive uint32) bool
	// ProbeTimeout is after how long a probe without a result counts as failed
	// (0: 5 minutes, which is meant to be longer than any attempt's own
	// timeouts). Without it a forgotten probe would hold its slot for ever.
	ProbeTimeout time.Duration
	// OnChange is told of each change of state (nil: nobody is); retryAt is zero
	// unless to is BreakerOpen. Calls come one at a time, in the order of the
	// changes and without a lock held, on the goroutine of a call to Allow or
	// Done, though not always of the one that caused the change, or on a timer's
	// when ProbeTimeout is over.
	OnChange func(from, to BreakerState, retryAt time.Time)
}

// DefaultBreakerConfig returns 5 failures, 2 successes, and cooldowns from 1 s
// doubling to 60 s.
func DefaultBreakerConfig() BreakerConfig {
	return BreakerConfig{Failures: 5, Cooldown: time.Second, MaxCooldown: time.Minute, Successes: 2}
}

// OpenError is a Breaker's refusal. It is gobreaker.ErrOpenState to errors.Is.
type OpenError struct {
	Key string // what the breaker stands for
	// RetryAt is when the next probe may pass. It is zero when all probes of a
	// round are under way: what comes then is known when one of them ends.
	RetryAt time.Time
}

// Error names the key and the time of the next probe.
func (e *OpenError) Error() string {
	if e.RetryAt.IsZero() {
		return fmt.Sprintf("circuit breaker of %q is being probed", e.Key)
	}
	return fmt.Sprintf("circuit breaker of %q is open until %s", e.Key, e.RetryAt.Format(time.RFC3339))
}

// Is makes errors.Is(err, gobreaker.ErrOpenState) true.
func (e *OpenError) Is(target error) bool { return target == gobreaker.ErrOpenState }
