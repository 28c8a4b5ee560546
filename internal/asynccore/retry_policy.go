package asynccore

import (
	"errors"
	"math"
	"math/rand/v2"
	"time"
)

// ErrRetriesExhausted says that a policy allows no further retry.
var ErrRetriesExhausted = errors.New("retries exhausted")

// Jitter is how the wait before a retry is drawn.
type Jitter uint8

const (
	// JitterFull draws it evenly from zero to the backoff, so that callers who
	// failed together do not come back together. It is the zero value.
	JitterFull Jitter = iota
	// JitterNone takes the backoff itself.
	JitterNone
)

// RetryPolicy says how often to retry, and after what wait. It is a value: copy
// and share it freely. The zero value never retries.
type RetryPolicy struct {
	Max    int           // retries; there are at most Max+1 attempts
	Base   time.Duration // the backoff before the first retry (0: none at all)
	Cap    time.Duration // the longest backoff (0: 100 years)
	Factor float64       // what each retry multiplies the backoff by (below 1: 2)
	Jitter Jitter
	// MaxTime bounds the whole: no attempt but the first begins when this much
	// time or more has passed since the first began (0: no bound).
	MaxTime time.Duration
	Budget  *RetryBudget // shared bound on retries (nil: none)
}

// Delay returns the wait before a retry, counted from 1: with JitterFull a
// random one in [0, d], else d, where d is min(Cap, Base*Factor^(retry-1)).
func (p RetryPolicy) Delay(retry int) time.Duration {
	if p.Base <= 0 {
		return 0
	}
	limit := maxWait
	if p.Cap > 0 {
		limit = min(p.Cap, maxWait)
	}
	factor := p.Factor
	if !(factor >= 1) { // NaN too
		factor = 2
	}
	d := limit
	// In float64 a power that is too large is +Inf, not a negative duration.
	if f := float64(p.Base) * math.Pow(factor, float64(max(retry, 1)-1)); f < float64(limit) {
		d = time.Duration(f)
	}
	if p.Jitter == JitterNone {
		return d
	}
	return rand.N(d + 1)
}

// Next decides about a retry, counted from 1, when elapsed has passed since the
// first attempt began. floor is the least wait that the other side asked for
// (0 or less: none). It returns how long to wait, which is never less than
// floor, and has then taken one retry from Budget; or the reason not to retry:
// ErrRetriesExhausted, ErrRetryBudget, *MaxTimeError, or *RetryAfterError when
// it is floor that does not fit MaxTime.
func (p RetryPolicy) Next(retry int, floor, elapsed time.Duration) (wait time.Duration, err error) {
	wait, err = p.plan(retry, floor, elapsed)
	if err == nil && !p.Budget.take() {
		return 0, ErrRetryBudget
	}
	if err != nil {
		return 0, err
	}
	return wait, nil
}

// plan is Next without the Budget.
func (p RetryPolicy) plan(retry int, floor, elapsed time.Duration) (time.Duration, error) {
	if retry > p.Max {
		return 0, ErrRetriesExhausted
	}
	wait := max(p.Delay(retry), floor)
	if left := p.MaxTime - elapsed; p.MaxTime > 0 && wait >= left {
		if floor > 0 && floor >= left {
			return 0, &RetryAfterError{After: floor}
		}
		return 0, &MaxTimeError{MaxTime: p.MaxTime, Elapsed: elapsed, Wait: wait}
	}
	return wait, nil
}
