package asynccore

import (
	"math"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

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
//
// A now that is earlier than another call's counts as that one, so that late
// callers get nothing twice. It should carry a monotonic reading, as time.Now
// gives it: where the wall clock is set back, nothing comes until it has caught
// up.
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

// full reports that a new Limiter would behave the same.
func (l *Limiter) full() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lack(time.Now(), l.rate.Burst()) == 0
}
