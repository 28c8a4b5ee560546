package asynccore

import (
	"context"
	"time"
)

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

// Breakers hold a Breaker for each key. They are safe for concurrent use.
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
func (bs *Breakers) Allow(key string) (Pass, error) {
	return bs.breaker(key).Allow()
}

func (bs *Breakers) breaker(key string) *Breaker {
	isClosed := func(b *Breaker) bool { return b.State() == BreakerClosed }
	return bs.keys.get(key, isClosed, func() *Breaker {
		cfg := bs.configure(key)
		cfg.Key = key
		return NewBreaker(cfg)
	})
}

// State is Breaker.State for key, BreakerClosed when the key is not known.
func (bs *Breakers) State(key string) BreakerState {
	if b, ok := bs.keys.peek(key); ok {
		return b.State()
	}
	return BreakerClosed
}

// RetryAt is Breaker.RetryAt for key, zero when the key is not known.
func (bs *Breakers) RetryAt(key string) time.Time {
	if b, ok := bs.keys.peek(key); ok {
		return b.RetryAt()
	}
	return time.Time{}
}

// WithBreaker calls fn when key's Breaker lets it pass, reports the result and
// returns it; else it returns the *OpenError, or context.Cause(ctx) when ctx has
// ended. An error that comes with the end of ctx is the caller's own doing and
// does not count; the timeout of a context that fn made does. A panic counts as
// a failure and goes on to the caller.
func WithBreaker[T any](ctx context.Context, bs *Breakers, key string, fn func(context.Context) (T, error)) (T, error) {
	var zero T
	if ctx.Err() != nil {
		return zero, context.Cause(ctx)
	}
	pass, err := bs.Allow(key)
	if err != nil {
		return zero, err
	}
	outcome := ErrGoexit // stays if fn does not return
	defer func() { pass.Done(outcome) }()
	v, err := fn(ctx)
	outcome = err
	if err != nil && ctx.Err() != nil {
		outcome = ErrNotCounted
	}
	return v, err
}
