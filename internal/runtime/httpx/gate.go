package httpx

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// GateConfig sets what every origin is held to.
type GateConfig struct {
	PerHost     int            // ceiling of requests in flight to one origin; 0 means no ceiling
	Rate        asynccore.Rate // starts of all origins together; zero is none
	RateHost    asynccore.Rate // starts of one origin; zero is none
	Failures    int            // consecutive failures that open the breaker; 0 turns it off
	Cooldown    time.Duration  // the longest; the first is one second, each failed round doubles it
	Successes   int            // probes that close the breaker, and how many may go at once
	Retries     bool           // tasks retry: an outage is not called before a retry has failed
	LongestWait time.Duration  // a pause longer than this is not waited for; 0 means any is
	Deadline    time.Time      // a pause beyond this is not waited for; zero means none
	GivenUpFor  time.Duration  // an origin that was given up begins anew after it; 0 means never
	Hosts       *Hosts         // origins that are held to something else; nil is none
	Hooks       Hooks
}

// ceiling makes no ceiling a number that none reaches.
func (cfg *GateConfig) ceiling() {
	if cfg.PerHost <= 0 {
		cfg.PerHost = math.MaxInt32
	}
}

// maxOrigins bounds the memory for origins: past it, those that nothing is
// known of are forgotten. It is twice what a look-ahead window can hold.
const maxOrigins = 20_000

// Gate is the one place where an origin's concurrency limit, pauses, rate and
// breaker meet. It decides for an asynccore.Runner, as its Admission, which
// lanes may start a task now: a task that the gate lets start may send one
// request at once, and a task that must wait holds no slot.
//
// A Gate is safe for concurrent use.
type Gate struct {
	cfg GateConfig

	wake func(key string)

	mu      sync.Mutex // guards origins and what they point to, resting, and limiter
	origins map[string]*origin
	recent  *origin              // of origins: the one asked for last, which is likely to be next
	resting map[*origin]struct{} // those that may be paused: see Pauses
	limiter *asynccore.Limiter   // nil without Rate
}

var _ asynccore.Admission = (*Gate)(nil)

// NewGate returns a gate without any origin.
func NewGate(cfg GateConfig) *Gate {
	cfg.ceiling()
	g := &Gate{cfg: cfg, origins: make(map[string]*origin), resting: make(map[*origin]struct{}), wake: func(string) {}}
	if cfg.Rate.Events > 0 {
		g.limiter = asynccore.NewLimiter(cfg.Rate)
	}
	return g
}

// Bind sets whom to tell that a lane is worth asking about again: the Runner's
// Wake. It is called once, before the first Admit; wake is called without locks
// held.
func (g *Gate) Bind(wake func(key string)) { g.wake = wake }

// Admit implements asynccore.Admission: may a task of the origin key send a
// request now?
func (g *Gate) Admit(key string, resumed bool, now time.Time) asynccore.Answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	o := g.origin(key, now)
	until, why, ok := g.check(o, resumed, now)
	if !ok {
		o.holding(why, now)
		return asynccore.Answer{Until: until, Newest: o.opened}
	}
	o.holding(holdNone, now)
	o.started(now)
	if g.suspect(o) {
		o.guessed(now)
	}
	return asynccore.Answer{OK: true, Newest: o.opened}
}

// check decides, in this order: verdicts that no waiting can change, pauses,
// the breaker, the concurrency limit, and last the rates, since asking a rate
// takes from it.
func (g *Gate) check(o *origin, resumed bool, now time.Time) (until time.Time, why hold, ok bool) {
	if o.lost || o.tooLong(now) {
		return time.Time{}, holdNone, true // the task is let in to fail at once
	}
	if now.Before(o.pausedUntil) {
		return o.pausedUntil, holdPause, false
	}
	if at := o.breaker.RetryAt(); now.Before(at) {
		return at, holdBreaker, false
	}
	if o.probed {
		return time.Time{}, holdBreaker, false
	}
	if g.suspect(o) {
		if until, ok := o.doubtful(resumed, now); !ok {
			return until, holdBreaker, false
		}
	}
	if o.inflight >= int(o.limit) {
		return time.Time{}, holdNone, false
	}
	if !o.restarted.IsZero() && now.Before(o.nextStart) {
		return o.nextStart, holdPause, false
	}
	if until, ok := takeBoth(o.limiter, g.limiter, now); !ok {
		return until, holdRate, false
	}
	return time.Time{}, holdNone, true
}

// suspect reports that the origin has failed often enough for an outage, only
// that no retry has told yet whether waiting cures it. Until one has, new tasks
// stay out (see doubtful): else a dead origin would see a request of every task
// in the list before the first retry comes due. An open breaker is no suspicion.
func (g *Gate) suspect(o *origin) bool {
	return !o.opened && o.cfg.Retries && o.cfg.Failures > 0 && o.failures >= o.cfg.Failures && o.retries > 0
}

// Release implements asynccore.Admission.
func (g *Gate) Release(key string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	o := g.origin(key, now)
	o.inflight--
}

// Mark returns how things stand with an origin now, for Fetch to tell later why
// a task that is submitted now had to wait.
func (g *Gate) Mark(key string) *Mark {
	g.mu.Lock()
	defer g.mu.Unlock()
	if o := g.known(key); o != nil {
		return o.mark
	}
	return g.origin(key, time.Now()).mark
}

// origin returns what is known of key, a new origin on first sight. g.mu is
// held.
func (g *Gate) origin(key string, now time.Time) *origin {
	if o := g.known(key); o != nil && !g.again(o, now) {
		return o
	}
	if len(g.origins) >= maxOrigins {
		g.forget(now)
	}
	cfg := &g.cfg
	if host := g.cfg.Hosts.Of(key); host != nil {
		cfg = g.cfg.of(host)
	}
	o := &origin{key: key, cfg: cfg, limit: float64(cfg.PerHost), mark: &Mark{since: now}}
	if cfg.RateHost.Events > 0 {
		o.limiter = asynccore.NewLimiter(cfg.RateHost)
	}
	o.breaker = asynccore.NewBreaker(asynccore.BreakerConfig{
		Key: key, Failures: cfg.Failures, MaxCooldown: cfg.Cooldown, Successes: cfg.Successes,
		Trip:     func(uint32) bool { return o.proved.Load() || !cfg.Retries },
		OnChange: func(from, to asynccore.BreakerState, retryAt time.Time) { g.changed(o, from, to, retryAt) },
	})
	g.origins[key] = o
	return o
}

// known returns what is known of key, or nil. g.mu is held.
func (g *Gate) known(key string) *origin {
	if g.recent == nil || g.recent.key != key {
		g.recent = g.origins[key]
	}
	return g.recent
}

// again reports whether an origin that was given up begins anew, now that none
// of its tasks is left, and drops what is known of it.
func (g *Gate) again(o *origin, now time.Time) bool {
	if !o.lost || g.cfg.GivenUpFor <= 0 || now.Sub(o.lostAt) < g.cfg.GivenUpFor || o.inflight+o.retries+o.returning+o.arriving+o.probing > 0 {
		return false
	}
	g.drop(o)
	return true
}

// forget drops the origins that nothing is known of and nobody waits for: idle,
// healthy, unpaused.
func (g *Gate) forget(now time.Time) {
	for _, o := range g.origins {
		if o.inflight+o.retries+o.returning+o.arriving+o.probing+o.failures == 0 && !o.lost && !now.Before(o.pausedUntil) &&
			o.breaker.State() == asynccore.BreakerClosed && o.limiter == nil {
			g.drop(o)
		}
	}
}

func (g *Gate) drop(o *origin) {
	delete(g.origins, o.key)
	delete(g.resting, o)
	g.recent = nil
}

// sleep waits for d, or less: until ctx ends, whose cause it returns, or until
// the origin is given up.
func (g *Gate) sleep(ctx context.Context, key string, d time.Duration) error {
	g.mu.Lock()
	o := g.origin(key, time.Now())
	if o.lost {
		g.mu.Unlock()
		return nil
	}
	if o.gone == nil {
		o.gone = make(chan struct{})
	}
	gone := o.gone
	g.mu.Unlock()

	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-gone:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// takeBoth takes one token of each limiter, or none: when one has none left,
// the other keeps its own. Nil limiters are always willing.
func takeBoth(a, b *asynccore.Limiter, now time.Time) (until time.Time, ok bool) {
	switch {
	case a == nil && b == nil:
		return time.Time{}, true
	case a == nil:
		return b.TakeAt(now)
	case b == nil:
		return a.TakeAt(now)
	}
	if until, ok := b.PeekAt(now); !ok {
		return until, false
	}
	if until, ok := a.TakeAt(now); !ok {
		return until, false
	}
	return b.TakeAt(now)
}
