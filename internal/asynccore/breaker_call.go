package asynccore

import (
	"errors"
	"sync/atomic"
	"time"
)

// Pass is one call that a Breaker has let through. It is for one goroutine at a
// time, and not to be copied once its result is reported. The zero Pass is of no
// call.
type Pass struct {
	b     *Breaker // nil when the result is reported
	phase *phase   // the one it was let through in
	probe *probe   // nil for a call that was let through while closed
}

// probe is a call that was let through while half-open.
type probe struct {
	settled atomic.Bool // reported, or expired
	report  func(error) // gobreaker's
	expiry  *time.Timer
}

// Done reports the result of the call: nil is a success, an error that is
// ErrNotCounted is neither, any other is a failure. Only the first report
// counts, and none that comes after a change of state. A probe that is not
// reported counts as failed after ProbeTimeout.
func (p *Pass) Done(err error) {
	b := p.b
	if b == nil {
		return
	}
	p.b = nil
	if p.probe != nil {
		p.probe.expiry.Stop()
	}
	b.settle(p.phase, p.probe, err)
}

// settle counts the result of a call that was let through in phase at; pr is nil
// unless it is a probe.
func (b *Breaker) settle(at *phase, pr *probe, err error) {
	switch {
	case pr != nil && !pr.settled.CompareAndSwap(false, true): // gobreaker counts each call of its done
		return
	case pr == nil && err == nil && !at.dirty.Load():
		// The way of nearly every call: this success changes nothing. Leaving out
		// gobreaker, two looks at the clock and a lock, makes it three times as fast.
		return
	}
	b.mu.Lock()
	defer b.unlockAndTell()
	if b.phase.Load() != at {
		return
	}
	counted := err != nil && !errors.Is(err, ErrNotCounted)
	if counted {
		b.failed.Add(1)
	}
	if pr != nil {
		pr.report(err)
		return
	}
	report, refused := b.gb.Allow() // while closed a call is entered only with its result
	if refused != nil {
		return // cannot be: gb is closed whenever the phase is
	}
	if err == nil || counted {
		at.dirty.Store(counted)
	}
	report(err)
}
