package asynccore

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/bubble"
)

// modelBreaker is the breaker as one would write it down: a state machine with
// the time as an argument. TestBreakerModel compares it with Breaker.
type modelBreaker struct {
	failures, successes    int
	first, longest, expire time.Duration

	state     BreakerState
	round     int // grows with each change of state
	row       int
	admitted  int // probes of this round that count or may
	succeeded int
	cooldown  time.Duration
	retryAt   time.Time
	exhausted bool
}

type modelCall struct {
	pass    Pass
	round   int
	probe   bool
	expires time.Time
	settled bool
}

func (m *modelBreaker) to(s BreakerState) {
	m.state, m.round = s, m.round+1
	m.row, m.admitted, m.succeeded, m.retryAt = 0, 0, 0, time.Time{}
}

func (m *modelBreaker) open(now time.Time, cooldown time.Duration) {
	m.to(BreakerOpen)
	m.cooldown, m.retryAt = cooldown, now.Add(cooldown)
}

func (m *modelBreaker) allow(now time.Time) (*modelCall, bool) {
	if m.state == BreakerOpen {
		if now.Before(m.retryAt) {
			return nil, false
		}
		m.to(BreakerHalfOpen)
	}
	c := &modelCall{round: m.round, probe: m.state == BreakerHalfOpen, expires: now.Add(m.expire)}
	if c.probe {
		if m.admitted == m.successes {
			return nil, false
		}
		m.admitted++
	}
	return c, true
}

func (m *modelBreaker) done(c *modelCall, err error, now time.Time) {
	if c.settled {
		return
	}
	c.settled = true
	if c.round != m.round {
		return
	}
	switch {
	case err == ErrNotCounted && c.probe:
		m.admitted--
	case err == ErrNotCounted:
	case err == nil && c.probe:
		if m.succeeded++; m.succeeded == m.successes {
			m.to(BreakerClosed)
			m.exhausted = false
		}
	case err == nil:
		m.row = 0
	case c.probe:
		m.exhausted = m.exhausted || m.cooldown == m.longest
		m.open(now, min(2*m.cooldown, m.longest))
	default:
		if m.row++; m.row == m.failures {
			m.open(now, m.first)
		}
	}
}

// breakerStep is one thing that is done to a breaker and to its model.
type breakerStep struct {
	Do   string
	Call int           // for "done": which call, counted round; one that is done too
	Err  error         // for "done"
	For  time.Duration // for "sleep"; "sleep until probed" wakes so much too early
}

var breakerSteps = rapid.Custom(func(t *rapid.T) breakerStep {
	return breakerStep{
		Do:   rapid.SampledFrom([]string{"allow", "allow", "done", "done", "sleep", "sleep until probed"}).Draw(t, "do"),
		Call: rapid.IntRange(0, 9).Draw(t, "call"),
		Err:  rapid.SampledFrom([]error{nil, errDown, errDown, ErrNotCounted}).Draw(t, "err"),
		For:  rapid.SampledFrom([]time.Duration{0, 1, time.Millisecond, time.Second, 3 * time.Second, 9 * time.Second}).Draw(t, "for"),
	}
})

// run does steps to a Breaker and to m and returns the first difference. It
// must run in a bubble of its own: the fake clock of a shared one would soon
// pass the deadline after which rapid stops looking.
func (m *modelBreaker) run(steps []breakerStep) error {
	b := NewBreaker(BreakerConfig{Failures: m.failures, Successes: m.successes,
		Cooldown: m.first, MaxCooldown: m.longest, ProbeTimeout: m.expire})
	var calls []*modelCall
	for i, s := range steps {
		switch s.Do {
		case "allow":
			pass, err := b.Allow()
			c, ok := m.allow(time.Now())
			if ok != (err == nil) {
				return fmt.Errorf("step %d: Allow gave %v; the model lets it pass: %v", i, err, ok)
			}
			if open, _ := errors.AsType[*OpenError](err); !ok && !open.RetryAt.Equal(m.retryAt) {
				return fmt.Errorf("step %d: refused until %v, want %v", i, open.RetryAt, m.retryAt)
			}
			if ok {
				c.pass = pass
				calls = append(calls, c)
			}
		case "done":
			if len(calls) > 0 {
				c := calls[s.Call%len(calls)]
				c.pass.Done(s.Err)
				m.done(c, s.Err, time.Now())
			}
		case "sleep":
			m.sleep(s.For, calls)
		case "sleep until probed":
			if m.state == BreakerOpen {
				m.sleep(time.Until(m.retryAt)-s.For, calls)
			}
		}
		if b.State() != m.state || !b.RetryAt().Equal(m.retryAt) || b.Exhausted() != m.exhausted {
			return fmt.Errorf("after step %d: %v until %v, exhausted %v; want %v until %v, exhausted %v", i,
				b.State(), b.RetryAt(), b.Exhausted(), m.state, m.retryAt, m.exhausted)
		}
	}
	return nil
}

// sleep lets time pass for both; the model's probes expire in its order.
func (m *modelBreaker) sleep(d time.Duration, calls []*modelCall) {
	end := time.Now().Add(d)
	expired := slices.DeleteFunc(slices.Clone(calls), func(c *modelCall) bool {
		return !c.probe || c.settled || c.expires.After(end)
	})
	slices.SortStableFunc(expired, func(a, b *modelCall) int { return a.expires.Compare(b.expires) })
	for _, c := range expired {
		m.done(c, errDown, c.expires)
	}
	time.Sleep(d)
	synctest.Wait()
}

func TestBreakerModel(t *testing.T) {
	defer goleak.VerifyNone(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := &modelBreaker{
			failures:  rapid.IntRange(1, 3).Draw(rt, "failures"),
			successes: rapid.IntRange(1, 3).Draw(rt, "successes"),
			first:     time.Second,
			longest:   time.Duration(rapid.IntRange(1, 9).Draw(rt, "longest")) * time.Second,
			expire:    5 * time.Second,
		}
		steps := rapid.SliceOfN(breakerSteps, 50, 200).Draw(rt, "steps")
		var err error
		bubble.Test(t, func(*testing.T) { err = m.run(steps) })
		if err != nil {
			rt.Fatal(err)
		}
	})
}
