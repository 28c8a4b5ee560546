package httpx

import (
	"context"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// Hooks tell what happens between attempts, to whoever traces, counts or
// prints. Each may be nil; each is called without locks held and must be quick.
type Hooks struct {
	Retrying func(ctx context.Context, r RetryEvent)
	Paused   func(origin string, until time.Time)
	Breaker  func(e BreakerEvent)
	Shortage func(err error) // the first time that file descriptors or buffers run out here

	// Delegated is called before each request that http.Transport sends: over
	// HTTP/2, through a proxy, or one of an unusual kind. It leaves thirteen times
	// the garbage of others (6.5 KB where they leave 0.5).
	Delegated func()
}

// RetryEvent is a task that is going to try again.
type RetryEvent struct {
	URL    string // redacted
	Retry  int    // from 1
	Wait   time.Duration
	Reason string // "backoff" or "retry_after"
	Err    error  // why the attempt did not do
}

// BreakerEvent is a change of an origin's breaker.
type BreakerEvent struct {
	Origin   string
	From, To asynccore.BreakerState
	RetryAt  time.Time // of the first probe, when To is open
	GivenUp  bool      // the origin's tasks fail from now on
}

func (h *Hooks) retrying(ctx context.Context, e RetryEvent) {
	if h.Retrying != nil {
		h.Retrying(ctx, e)
	}
}

func (h *Hooks) paused(origin string, until time.Time) {
	if h.Paused != nil {
		h.Paused(origin, until)
	}
}

func (h *Hooks) delegated() {
	if h.Delegated != nil {
		h.Delegated()
	}
}

func (h *Hooks) breaker(origin string, from, to asynccore.BreakerState, retryAt time.Time, givenUp bool) {
	if h.Breaker != nil {
		h.Breaker(BreakerEvent{origin, from, to, retryAt, givenUp})
	}
}

func (h *Hooks) shortage(err error) {
	if h.Shortage != nil {
		h.Shortage(err)
	}
}
