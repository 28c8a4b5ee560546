package asynccore

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// State is what a Breaker is in: StateClosed, StateHalfOpen or StateOpen.
type State = gobreaker.State

// The states. Calls pass while closed; none passes while open; a few probes
// pass while half-open, and their results decide which of the two comes next.
const (
	StateClosed   = gobreaker.StateClosed
	StateHalfOpen = gobreaker.StateHalfOpen
	StateOpen     = gobreaker.StateOpen
)

// ErrNotCounted marks a result that says nothing about the other side: the
// caller's own cancelling, a bad argument, a local shortage. A Breaker counts
// it neither as a success nor as a failure. Wrap it or pass it as it is.
var ErrNotCounted = errors.New("not counted by the breaker")

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

// BreakerConfig says when a Breaker opens and closes. DefaultBreakerConfig has
// the usual values. The zero value never opens.
type BreakerConfig struct {
	Key      string // names the breaker in an OpenError
	Failures int    // consecutive failures that open it; 0 or less: it never opens
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
	// unless to is StateOpen. Calls come one at a time, in the order of the
	// changes and without a lock held, on the goroutine of a call to Allow or
	// done, though not always on that of the call which caused the change.
	OnChange func(from, to State, retryAt time.Time)
}

// DefaultBreakerConfig returns 5 failures, 2 successes, and cooldowns from 1 s
// doubling to 60 s.
func DefaultBreakerConfig() BreakerConfig {
	return BreakerConfig{Failures: 5, Cooldown: time.Second, MaxCooldown: time.Minute, Successes: 2}
}

// Counts are a Breaker's totals since it was made.
type Counts struct {
	Allowed     uint64 // calls let through, probes included
	Refused     uint64 // calls that got an *OpenError
	Failures    uint64 // results counted as failures; late ones and ErrNotCounted are not
	Consecutive uint32 // failures since the last success or change of state
}

// Breaker is a circuit breaker for one key. Its methods are safe for
// concurrent use and may be called from OnChange.
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
	state     State
	retryAt   time.Time     // while open
	cooldown  time.Duration // the one waited for before, or being waited for
	exhausted bool
	dirty     atomic.Bool // closed, and the last counted result was a failure
}

type change struct {
	from, to State
	retryAt  time.Time
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
	b.phase.Store(&phase{state: StateClosed})
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

// Allow lets a call pass or refuses it with an *OpenError. When it passes, the
// caller reports its result with done: nil is a success, an error that is
// ErrNotCounted is neither, any other is a failure. Only the first call of done
// counts, and a result that comes after a change of state counts no more. A
// probe that is not reported counts as failed after ProbeTimeout.
func (b *Breaker) Allow() (done func(error), err error) {
	p := b.phase.Load()
	if p.state != StateClosed {
		return b.probe()
	}
	b.allowed.Add(1)
	c := &call{b: b, phase: p}
	return c.done, nil
}

// probe is Allow while not closed.
func (b *Breaker) probe() (func(error), error) {
	b.mu.Lock()
	defer b.unlockAndTell()
	p := b.phase.Load()
	if p.state == StateClosed { // since Allow looked
		b.allowed.Add(1)
		return (&call{b: b, phase: p}).done, nil
	}
	if p.state == StateOpen && time.Now().Before(p.retryAt) {
		b.refused.Add(1)
		return nil, &OpenError{Key: b.cfg.Key, RetryAt: p.retryAt}
	}
	report, err := b.gb.Allow() // open becomes half-open here
	if err != nil {
		b.refused.Add(1)
		return nil, &OpenError{Key: b.cfg.Key, RetryAt: b.phase.Load().retryAt}
	}
	b.allowed.Add(1)
	c := &call{b: b, phase: b.phase.Load(), report: report}
	c.expiry = time.AfterFunc(b.cfg.ProbeTimeout, func() {
		c.settle(&TimeoutError{Op: "probe of " + b.cfg.Key, After: b.cfg.ProbeTimeout})
	})
	return c.done, nil
}

// call is one call that was let through.
type call struct {
	b       *Breaker
	phase   *phase // the one it was let through in
	settled atomic.Bool
	report  func(error) // gobreaker's, for a probe; else nil
	expiry  *time.Timer // for a probe; else nil
}

func (c *call) done(err error) {
	if c.expiry != nil {
		c.expiry.Stop()
	}
	c.settle(err)
}

func (c *call) settle(err error) {
	if !c.settled.CompareAndSwap(false, true) { // gobreaker counts each call of its done
		return
	}
	b := c.b
	// The way of nearly every call: this success changes nothing. Leaving out
	// gobreaker, two looks at the clock and a lock, makes it three times as fast.
	if err == nil && c.report == nil && !c.phase.dirty.Load() {
		return
	}
	b.mu.Lock()
	defer b.unlockAndTell()
	if b.phase.Load() != c.phase {
		return
	}
	counted := err != nil && !errors.Is(err, ErrNotCounted)
	if counted {
		b.failed.Add(1)
	}
	report := c.report
	if report == nil { // while closed a call is entered only with its result
		var refused error
		if report, refused = b.gb.Allow(); refused != nil {
			return // cannot be: gb is closed whenever the phase is
		}
		if err == nil || counted {
			c.phase.dirty.Store(counted)
		}
	}
	report(err)
}

// trip is gobreaker's ReadyToTrip.
func (b *Breaker) trip(c gobreaker.Counts) bool {
	if b.cfg.Failures <= 0 || int64(c.ConsecutiveFailures) < int64(b.cfg.Failures) {
		return false
	}
	return b.cfg.Trip == nil || b.cfg.Trip(c.ConsecutiveFailures)
}

// changed is gobreaker's OnStateChange.
func (b *Breaker) changed(_ string, from, to State) {
	last := b.phase.Load()
	next := &phase{state: to}
	switch {
	case to == StateOpen && from == StateClosed:
		next.cooldown = b.cfg.Cooldown
	case to == StateOpen: // the round of probes failed
		next.exhausted = last.exhausted || last.cooldown >= b.cfg.MaxCooldown
		next.cooldown = b.cfg.MaxCooldown
		if last.cooldown < b.cfg.MaxCooldown/2 {
			next.cooldown = 2 * last.cooldown
		}
	case to == StateHalfOpen:
		next.cooldown, next.exhausted = last.cooldown, last.exhausted
	}
	if to == StateOpen {
		next.retryAt = time.Now().Add(next.cooldown)
	}
	b.phase.Store(next)
	if b.cfg.OnChange != nil {
		b.changes = append(b.changes, change{from, to, next.retryAt})
	}
}

// unlockAndTell releases mu and calls OnChange for what has changed, unless
// another goroutine is doing so.
func (b *Breaker) unlockAndTell() {
	defer b.mu.Unlock()
	if b.telling {
		return
	}
	for len(b.changes) > 0 {
		next := b.changes[0]
		b.changes = b.changes[1:]
		b.tell(next)
	}
}

// tell calls OnChange with mu released. It takes mu again even when OnChange
// panics, so that the panic reaches the caller of a Breaker that still works.
func (b *Breaker) tell(c change) {
	b.telling = true
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.telling = false
	}()
	b.cfg.OnChange(c.from, c.to, c.retryAt)
}

// State returns the state that the last change led to. An open Breaker becomes
// half-open with the first Allow at or after RetryAt, not by itself.
func (b *Breaker) State() State { return b.phase.Load().state }

// RetryAt returns when an open Breaker lets the next probe pass, else zero.
func (b *Breaker) RetryAt() time.Time { return b.phase.Load().retryAt }

// Exhausted reports that a round of probes has failed after a cooldown of full
// length (MaxCooldown), and that the Breaker has not closed since. It goes on
// as before; whether to give the key up is the caller's decision.
func (b *Breaker) Exhausted() bool { return b.phase.Load().exhausted }

// Counts returns the totals so far; it is meant for metrics and messages.
func (b *Breaker) Counts() Counts {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Counts{
		Allowed:     b.allowed.Load(),
		Refused:     b.refused.Load(),
		Failures:    b.failed.Load(),
		Consecutive: b.gb.Counts().ConsecutiveFailures,
	}
}

// BreakersConfig configures Breakers; the zero value is ready to use.
type BreakersConfig struct {
	// Configure returns the configuration for a key that is new, its Key field
	// apart (nil: DefaultBreakerConfig). It is called with a lock held and must
	// not use the Breakers.
	Configure func(key string) BreakerConfig
	// MaxKeys is how many keys are kept (0: 4096). Beyond it the closed breaker
	// that was used least recently is dropped, or, when none is closed, the one
	// used least recently: its key then starts afresh.
	MaxKeys int
}

// Breakers holds a Breaker for each key. It is safe for concurrent use.
type Breakers struct {
	configure func(key string) BreakerConfig
	keys      keyed[*Breaker]
}

// NewBreakers returns Breakers without a key.
func NewBreakers(cfg BreakersConfig) *Breakers {
	if cfg.Configure == nil {
		cfg.Configure = func(string) BreakerConfig { return DefaultBreakerConfig() }
	}
	return &Breakers{configure: cfg.Configure, keys: keyed[*Breaker]{max: cfg.MaxKeys}}
}

// Allow is Breaker.Allow for key.
func (bs *Breakers) Allow(key string) (done func(error), err error) {
	return bs.breaker(key).Allow()
}

func (bs *Breakers) breaker(key string) *Breaker {
	isClosed := func(b *Breaker) bool { return b.State() == StateClosed }
	return bs.keys.get(key, isClosed, func() *Breaker {
		cfg := bs.configure(key)
		cfg.Key = key
		return NewBreaker(cfg)
	})
}

// State is Breaker.State for key, StateClosed when the key is not known.
func (bs *Breakers) State(key string) State {
	if b, ok := bs.keys.peek(key); ok {
		return b.State()
	}
	return StateClosed
}

// RetryAt is Breaker.RetryAt for key, zero when the key is not known.
func (bs *Breakers) RetryAt(key string) time.Time {
	if b, ok := bs.keys.peek(key); ok {
		return b.RetryAt()
	}
	return time.Time{}
}

// Do calls fn when key's breaker lets it pass, reports the result and returns
// it; else it returns the *OpenError, or ctx's cause when ctx has ended. An
// error that comes with the end of ctx is the caller's own doing and does not
// count; the timeout of a context that fn made does. A panic counts as a
// failure and goes on to the caller.
func Do[T any](ctx context.Context, bs *Breakers, key string, fn func(context.Context) (T, error)) (T, error) {
	var zero T
	if ctx.Err() != nil {
		return zero, context.Cause(ctx)
	}
	done, err := bs.Allow(key)
	if err != nil {
		return zero, err
	}
	outcome := ErrGoexit // stays if fn does not return
	defer func() { done(outcome) }()
	v, err := fn(ctx)
	outcome = err
	if err != nil && ctx.Err() != nil {
		outcome = ErrNotCounted
	}
	return v, err
}

// keyed is a map of at most max values (0 or less: 4096) that drops what was
// used least recently. The zero value is empty.
type keyed[V any] struct {
	max int

	// mu guards the fields below.
	mu     sync.Mutex
	byKey  map[string]*list.Element // of *keyedEntry[V]
	recent list.List                // used last in front
}

type keyedEntry[V any] struct {
	key   string
	value V
}

// get returns the value of key, made by create if it is new. To make room, the
// oldest value that is spare is dropped, else the oldest.
func (k *keyed[V]) get(key string, spare func(V) bool, create func() V) V {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e, ok := k.byKey[key]; ok {
		k.recent.MoveToFront(e)
		return e.Value.(*keyedEntry[V]).value
	}
	value := create()
	if k.byKey == nil {
		k.byKey = make(map[string]*list.Element)
	}
	limit := k.max
	if limit <= 0 {
		limit = 4096
	}
	if len(k.byKey) >= limit {
		k.drop(spare)
	}
	k.byKey[key] = k.recent.PushFront(&keyedEntry[V]{key, value})
	return value
}

func (k *keyed[V]) drop(spare func(V) bool) {
	victim := k.recent.Back()
	for e := victim; e != nil; e = e.Prev() {
		if spare(e.Value.(*keyedEntry[V]).value) {
			victim = e
			break
		}
	}
	delete(k.byKey, victim.Value.(*keyedEntry[V]).key)
	k.recent.Remove(victim)
}

// peek returns the value of key without counting as a use.
func (k *keyed[V]) peek(key string) (V, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e, ok := k.byKey[key]; ok {
		return e.Value.(*keyedEntry[V]).value, true
	}
	var zero V
	return zero, false
}
