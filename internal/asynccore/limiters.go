package asynccore

import (
	"context"
	"time"
)

// Limiters hold a Limiter for each key. They are safe for concurrent use.
type Limiters struct {
	rate Rate
	keys keyed[*Limiter]
}

// NewLimiters returns Limiters of r for each key. It keeps maxKeys of
// them (0: 4096). Beyond that the full one that was used least recently is
// dropped, which loses nothing, or, when none is full, the one used least
// recently: its key then starts with a full burst.
func NewLimiters(r Rate, maxKeys int) *Limiters {
	return &Limiters{rate: r, keys: keyed[*Limiter]{max: maxKeys}}
}

// TakeAt is Limiter.TakeAt for key.
func (ls *Limiters) TakeAt(key string, now time.Time) (until time.Time, ok bool) {
	return ls.limiter(key).TakeAt(now)
}

// Wait is Limiter.Wait for key.
func (ls *Limiters) Wait(ctx context.Context, key string) error {
	return ls.limiter(key).Wait(ctx)
}

func (ls *Limiters) limiter(key string) *Limiter {
	return ls.keys.get(key, (*Limiter).full, func() *Limiter { return NewLimiter(ls.rate) })
}
