package httpx

import "time"

// doubtful decides who may start while an outage is suspected, which only a
// retry can tell. New tasks wait until one has come to the lane, and then until
// it has told.
//
// The lane's order is the Runner's: by class and age. What stands before the
// retry there (a more urgent task, or one that a redirect led here) would keep
// it out for ever if it had to wait for it. So it may go, at a pace that slows
// down: it becomes a retry of its own if it fails, and as urgent as it is.
func (o *origin) doubtful(resumed bool, now time.Time) (until time.Time, ok bool) {
	switch {
	case o.returning == 0:
		return time.Time{}, false // asked again when it has come
	case resumed && o.arriving == 0:
		return time.Time{}, true // this is it
	case now.Before(o.nextGuess):
		return o.nextGuess, false
	}
	return time.Time{}, true
}

// guessed notes a start under suspicion.
func (o *origin) guessed(now time.Time) {
	o.guessGap = max(firstGap, 2*o.guessGap)
	o.nextGuess = now.Add(o.guessGap)
}

// cleared ends a suspicion, which may come again.
func (o *origin) cleared() {
	o.failures, o.guessGap, o.nextGuess = 0, 0, time.Time{}
}

// retrying counts the tasks that are on their way to a retry at an origin, by
// +1 when that is decided and -1 when the retry has ended or was given up.
func (g *Gate) retrying(key string, change int) {
	g.mu.Lock()
	o := g.origin(key, time.Now())
	o.retries += change
	last := o.retries == 0
	g.mu.Unlock()
	if last && change < 0 {
		g.wake(key) // new tasks may have been kept out until a retry had told
	}
}

// standing counts those that have started already and stand in the lane of an
// origin for a slot: retries, or first attempts that a redirect led there.
func (g *Gate) standing(key string, retry bool, change int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	o := g.origin(key, time.Now())
	if retry {
		o.returning += change
	} else {
		o.arriving += change
	}
}
