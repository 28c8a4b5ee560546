package asynccore

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// Breaker is a circuit breaker for one key. Its methods are safe for
// concurrent use, and may be called from OnChange.
type Breaker struct {
	cfg     BreakerConfig
	phase   atomic.Pointer[phase] // replaced at each change of state, with mu held
	allowed atomic.Uint64
	refused atomic.Uint64
	failed  atomic.Uint64

	// mu guards the fields below, and every call to gb: so gb moves only when
	// this type moves it, and its callbacks run with mu held.
	mu      sync.Mutex
	gb      *gobreaker.TwoStepCircuitBreaker[struct{}]
	changes []change // not yet told to OnChange
	telling bool     // a goroutine is in OnChange and will tell the rest
}

// phase is the time between two changes of state. Results of calls that were
// let through in an older phase are told from others by its address.
type phase struct {
	state     BreakerState
	retryAt   time.Time     // while open
	cooldown  time.Duration // the one waited for before, or being waited for
	exhausted bool
	dirty     atomic.Bool // closed, and the last counted result was a failure
}

// NewBreaker returns a closed Breaker.
func NewBreaker(cfg BreakerConfig) *Breaker {
	if cfg.MaxCooldown <= 0 {
		cfg.MaxCooldown = time.Minute
	}
	if cfg.Cooldown <= 0 {
		cfg.Cooldown = time.Second
	}
	cfg.Cooldown = min(cfg.Cooldown, cfg.MaxCooldown)
	if cfg.Successes <= 0 {
		cfg.Successes = 2
	}
	if cfg.ProbeTimeout <= 0 {
		cfg.ProbeTimeout = 5 * time.Minute
	}
	b := &Breaker{cfg: cfg}
	b.phase.Store(&phase{state: BreakerClosed})
	b.gb = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		// Both the probes of a round and the successes that close (gobreaker #63).
		MaxRequests: uint32(min(cfg.Successes, math.MaxInt32)),
		// gobreaker's own cooldown is fixed. It is as good as none here: probe
		// holds the key for the growing one.
		Timeout:       1,
		ReadyToTrip:   b.trip,
		OnStateChange: b.changed,
		IsExcluded:    func(err error) bool { return errors.Is(err, ErrNotCounted) },
	})
	return b
}

// Allow lets a call pass, whose result the caller reports to the Pass, or refuses
// it with an *OpenError.
func (b *Breaker) Allow() (Pass, error) {
	p := b.phase.Load()
	if p.state != BreakerClosed {
		return b.allowProbe()
	}
	b.allowed.Add(1)
	return Pass{b: b, phase: p}, nil
}

// allowProbe is Allow while not closed.
func (b *Breaker) allowProbe() (Pass, error) {
	b.mu.Lock()
	defer b.unlockAndTell()
	p := b.phase.Load()
	if p.state == BreakerClosed { // since Allow looked
		b.allowed.Add(1)
		return Pass{b: b, phase: p}, nil
	}
	if p.state == BreakerOpen && time.Now().Before(p.retryAt) {
		b.refused.Add(1)
		return Pass{}, &OpenError{Key: b.cfg.Key, RetryAt: p.retryAt}
	}
	report, err := b.gb.Allow() // open becomes half-open here
	if err != nil {
		b.refused.Add(1)
		return Pass{}, &OpenError{Key: b.cfg.Key, RetryAt: b.phase.Load().retryAt}
	}
	b.allowed.Add(1)
	p, pr := b.phase.Load(), &probe{report: report}
	pr.expiry = time.AfterFunc(b.cfg.ProbeTimeout, func() {
		b.settle(p, pr, &TimeoutError{Op: "probe of " + b.cfg.Key, After: b.cfg.ProbeTimeout})
	})
	return Pass{b, p, pr}, nil
}

// State returns the state that the last change led to. An open Breaker becomes
// half-open with the first Allow at or after RetryAt, not by itself.
func (b *Breaker) State() BreakerState { return b.phase.Load().state }

// RetryAt returns when an open Breaker lets the next probe pass, else zero.
func (b *Breaker) RetryAt() time.Time { return b.phase.Load().retryAt }

// Exhausted reports that a round of probes has failed after a cooldown of full
// length (MaxCooldown), and that the Breaker has not closed since. It goes on
// as before; whether to give the key up is the caller's decision.
func (b *Breaker) Exhausted() bool { return b.phase.Load().exhausted }

// BreakerCounts are a Breaker's totals since it was made.
type BreakerCounts struct {
	Allowed     uint64 // calls let through, probes included
	Refused     uint64 // calls that got an *OpenError
	Failures    uint64 // results counted as failures; late ones and ErrNotCounted are not
	Consecutive uint32 // failures since the last success or change of state
}

// Counts returns the totals so far; it is meant for metrics and messages.
func (b *Breaker) Counts() BreakerCounts {
	b.mu.Lock()
	defer b.mu.Unlock()
	return BreakerCounts{
		Allowed:     b.allowed.Load(),
		Refused:     b.refused.Load(),
		Failures:    b.failed.Load(),
		Consecutive: b.gb.Counts().ConsecutiveFailures,
	}
}
