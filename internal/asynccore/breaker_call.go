package asynccore

import (
	"errors"
	"sync/atomic"
	"time"
)

// call is one call that was let through.
type call struct {
	b       *Breaker
	phase   *phase // the one it was let through in
	settled atomic.Bool
	report  func(error) // gobreaker's, for a probe; else nil
	expiry  *time.Timer // for a probe; else nil
}

func (c *call) done(err error) {
	if c.expiry != nil {
		c.expiry.Stop()
	}
	c.settle(err)
}

func (c *call) settle(err error) {
	if !c.settled.CompareAndSwap(false, true) { // gobreaker counts each call of its done
		return
	}
	b := c.b
	// The way of nearly every call: this success changes nothing. Leaving out
	// gobreaker, two looks at the clock and a lock, makes it three times as fast.
	if err == nil && c.report == nil && !c.phase.dirty.Load() {
		return
	}
	b.mu.Lock()
	defer b.unlockAndTell()
	if b.phase.Load() != c.phase {
		return
	}
	counted := err != nil && !errors.Is(err, ErrNotCounted)
	if counted {
		b.failed.Add(1)
	}
	report := c.report
	if report == nil { // while closed a call is entered only with its result
		var refused error
		if report, refused = b.gb.Allow(); refused != nil {
			return // cannot be: gb is closed whenever the phase is
		}
		if err == nil || counted {
			c.phase.dirty.Store(counted)
		}
	}
	report(err)
}
