package asynccore

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

// Rate is a number of events in a time, written "10/s", "100/m" or "5/15s". A
// Rate with Events or Per of 0 or less, the zero value too, is no limit.
type Rate struct {
	Events int
	Per    time.Duration
}

// ParseRate reads a Rate. What follows the slash is a unit (ms, s, m, h) or one
// of Go's durations, which always has a unit. Both parts must be above 0.
func ParseRate(s string) (Rate, error) {
	events, per, ok := strings.Cut(s, "/")
	if !ok || per == "" {
		return Rate{}, fmt.Errorf("rate %q: want a number and a time, such as 10/s", s)
	}
	n, err := strconv.Atoi(events)
	if err != nil || n <= 0 || !startsWithDigit(events) {
		return Rate{}, fmt.Errorf("rate %q: %q is not a whole number above 0", s, events)
	}
	switch per {
	case "ms", "s", "m", "h":
		per = "1" + per
	}
	d, err := time.ParseDuration(per)
	if err != nil || d <= 0 || !startsWithDigit(per) {
		return Rate{}, fmt.Errorf("rate %q: %q is not a unit (ms, s, m, h) or a duration such as 15s", s, per)
	}
	return Rate{Events: n, Per: d}, nil
}

func startsWithDigit(s string) bool { return s[0] >= '0' && s[0] <= '9' }

// String returns the Rate as ParseRate reads it, or "unlimited".
func (r Rate) String() string {
	if r.unlimited() {
		return "unlimited"
	}
	per := r.Per.String()
	switch r.Per {
	case time.Millisecond, time.Second:
		per = strings.TrimPrefix(per, "1")
	case time.Minute:
		per = "m"
	case time.Hour:
		per = "h"
	}
	return strconv.Itoa(r.Events) + "/" + per
}

// Burst returns how many events may come at once after a pause: a tenth of a
// second's worth, rounded down, and at least 1. So "5/s" is evenly spaced, and
// a fast limit needs no timer finer than a tenth of a second.
func (r Rate) Burst() int {
	if r.unlimited() {
		return math.MaxInt32
	}
	return int(min(max(r.perSecond()/10, 1), math.MaxInt32))
}

func (r Rate) unlimited() bool    { return r.Events <= 0 || r.Per <= 0 }
func (r Rate) perSecond() float64 { return float64(r.Events) / r.Per.Seconds() }

// Limiter lets events pass at a Rate: in any time t at most Rate*t + Burst of
// them. It is safe for concurrent use.
type Limiter struct {
	rate Rate
	turn *semaphore.Weighted // of 1: those in Wait, in the order of their calls

	// mu guards the fields below.
	mu      sync.Mutex
	bucket  *rate.Limiter
	latest  time.Time // the latest now that bucket has seen
	waiting int       // those in Wait
}

// NewLimiter returns a Limiter with a full burst.
func NewLimiter(r Rate) *Limiter {
	limit := rate.Inf
	if !r.unlimited() {
		limit = rate.Limit(r.perSecond())
	}
	return &Limiter{rate: r, turn: semaphore.NewWeighted(1), bucket: rate.NewLimiter(limit, r.Burst())}
}

// TakeAt takes a token if there is one at now. Otherwise it takes nothing and
// returns when there will be one, if nobody else takes it. It never blocks, and
// it does not queue up behind those in Wait.
func (l *Limiter) TakeAt(now time.Time) (until time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.take(now)
}

// PeekAt is TakeAt that takes nothing: it says whether there is a token at now,
// and else when there will be one.
func (l *Limiter) PeekAt(now time.Time) (until time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Before(l.latest) {
		now = l.latest
	}
	if lack := l.lack(now, 1); lack > 0 {
		return now.Add(lack), false
	}
	return now, true
}

// take is TakeAt with mu held.
func (l *Limiter) take(now time.Time) (time.Time, bool) {
	// The bucket would go back to an earlier now, which callers racing for mu
	// bring, and then fill for the same time once more.
	if now.Before(l.latest) {
		now = l.latest
	}
	l.latest = now
	// Not a reservation: to cancel one does not give back all that was taken
	// when others have been made after it. And not AllowN alone, which gives a
	// token up to a nanosecond early.
	if lack := l.lack(now, 1); lack > 0 {
		return now.Add(lack), false
	}
	return now, l.bucket.AllowN(now, 1)
}

// lack returns how long after now the bucket will hold n tokens, rounded up to
// the nanosecond. Less than a thousandth of one is the error of float64.
func (l *Limiter) lack(now time.Time, n int) time.Duration {
	ns := (float64(n) - l.bucket.TokensAt(now)) / float64(l.bucket.Limit()) * 1e9
	if ns >= float64(maxWait) {
		return maxWait
	}
	return time.Duration(math.Ceil(max(ns-1e-3, 0)))
}

// Wait takes a token as soon as its turn comes; those who wait are served in
// the order of their calls. It fails with ctx's cause, having taken nothing, or
// at once with a *DeadlineError when, by the number of those ahead, its turn
// would not come before ctx's deadline.
func (l *Limiter) Wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := l.join(ctx); err != nil {
		return err
	}
	defer l.leave()
	if err := l.turn.Acquire(ctx, 1); err != nil {
		return context.Cause(ctx)
	}
	defer l.turn.Release(1)
	for { // again if TakeAt was faster
		now := time.Now()
		until, ok := l.TakeAt(now)
		if ok {
			return nil
		}
		if err := reaches(ctx, now, until.Sub(now)); err != nil {
			return err
		}
		timer := time.NewTimer(until.Sub(now))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// join counts the caller among those who wait, unless its turn would not come
// in time.
func (l *Limiter) join(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if err := reaches(ctx, now, l.lack(now, l.waiting+1)); err != nil {
		return err
	}
	l.waiting++
	return nil
}

func (l *Limiter) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting--
}

// reaches returns a *DeadlineError if wait would reach ctx's deadline.
func reaches(ctx context.Context, now time.Time, wait time.Duration) error {
	deadline, ok := ctx.Deadline()
	if left := deadline.Sub(now); ok && wait >= left {
		return &DeadlineError{Op: "rate limit wait", Wait: wait, Left: left}
	}
	return nil
}

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

// full reports that a new Limiter would behave the same.
func (l *Limiter) full() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lack(time.Now(), l.rate.Burst()) == 0
}
