package asynccore

import (
	"time"

	"github.com/sony/gobreaker/v2"
)

type change struct {
	from, to BreakerState
	retryAt  time.Time
}

// trip is gobreaker's ReadyToTrip.
func (b *Breaker) trip(c gobreaker.Counts) bool {
	if b.cfg.Failures <= 0 || int64(c.ConsecutiveFailures) < int64(b.cfg.Failures) {
		return false
	}
	return b.cfg.Trip == nil || b.cfg.Trip(c.ConsecutiveFailures)
}

// changed is gobreaker's OnStateChange.
func (b *Breaker) changed(_ string, from, to BreakerState) {
	last := b.phase.Load()
	next := &phase{state: to}
	switch {
	case to == BreakerOpen && from == BreakerClosed:
		next.cooldown = b.cfg.Cooldown
	case to == BreakerOpen: // the round of probes failed
		next.exhausted = last.cooldown >= b.cfg.MaxCooldown
		next.cooldown = b.cfg.MaxCooldown
		if last.cooldown < b.cfg.MaxCooldown/2 {
			next.cooldown = 2 * last.cooldown
		}
	case to == BreakerHalfOpen:
		next.cooldown, next.exhausted = last.cooldown, last.exhausted
	}
	if to == BreakerOpen {
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
