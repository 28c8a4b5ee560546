package asynccore

import (
	"context"
	"time"
)

// RateLimiter holds a Limiter for each key. It is safe for concurrent use.
type RateLimiter struct {
	rate Rate
	keys keyed[*Limiter]
}

// NewRateLimiter returns a RateLimiter of r for each key. It keeps maxKeys of
// them (0: 4096). Beyond that the full one that was used least recently is
// dropped, which loses nothing, or, when none is full, the one used least
// recently: its key then starts with a full burst.
func NewRateLimiter(r Rate, maxKeys int) *RateLimiter {
	return &RateLimiter{rate: r, keys: keyed[*Limiter]{max: maxKeys}}
}

// TakeAt is Limiter.TakeAt for key.
func (rl *RateLimiter) TakeAt(key string, now time.Time) (until time.Time, ok bool) {
	return rl.limiter(key).TakeAt(now)
}

// Wait is Limiter.Wait for key.
func (rl *RateLimiter) Wait(ctx context.Context, key string) error {
	return rl.limiter(key).Wait(ctx)
}

func (rl *RateLimiter) limiter(key string) *Limiter {
	return rl.keys.get(key, (*Limiter).full, func() *Limiter { return NewLimiter(rl.rate) })
}
