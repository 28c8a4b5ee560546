package httpx

import "time"

// Pauses are the origins that a Gate holds back at one moment: for a
// Retry-After, or behind an open breaker.
type Pauses struct {
	Count  int
	Origin string    // of the pause that ends last
	Until  time.Time // its end
}

// Pauses returns the pauses of now. It costs nothing where there are none.
func (g *Gate) Pauses(now time.Time) (p Pauses) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for o := range g.resting {
		until := o.restsUntil(now)
		if until.IsZero() {
			delete(g.resting, o)
			continue
		}
		p.Count++
		if until.After(p.Until) || until.Equal(p.Until) && o.key < p.Origin {
			p.Origin, p.Until = o.key, until
		}
	}
	return p
}

// rest notes that o is paused, or will be in a moment. g.mu is held.
func (g *Gate) rest(o *origin) { g.resting[o] = struct{}{} }

// restsUntil is when the pause of the origin ends, zero where there is none.
func (o *origin) restsUntil(now time.Time) (until time.Time) {
	if o.lost {
		return until
	}
	for _, at := range []time.Time{o.pausedUntil, o.breaker.RetryAt()} {
		if at.After(now) && at.After(until) {
			until = at
		}
	}
	return until
}
