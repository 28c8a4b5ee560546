package httpx

import (
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// verdict is what one request told about its origin.
type verdict uint8

const (
	neutral   verdict = iota // our own cancelling, a local shortage: says nothing
	success                  // an answer, 4xx included
	failure                  // transport error, broken body, 5xx
	timeout                  // a failure that also asks for less concurrency
	throttled                // 429: alive, but pauses
	unwell                   // 503: a failure that also asks for less concurrency
)

// failed reports whether v counts against the origin.
func (v verdict) failed() bool { return v == failure || v == timeout || v == unwell }

// request is the standing with the gate of one request that it let through. Its
// verdict is told once.
type request struct {
	gate  *Gate
	o     *origin
	pass  asynccore.Pass // the breaker's
	told  bool           // the verdict
	began time.Time
	probe bool // let through to see whether the origin is back
	final bool // no retry follows this attempt, or it is itself a retry

	failed *lastFailure // the task's
}

// lastFailure is the latest attempt of a task that has failed.
type lastFailure struct {
	at        *origin // nil: none has
	successes int     // of the origin until then
	own       bool    // it told about the task's URL alone
}

// ofItsOwn notes a failure at o and reports whether it tells about the task's
// URL alone: it has failed there before, and others have succeeded since, then
// or earlier. Without this the retries of a few broken URLs, which come due
// together after a pause, would pass for an outage of an origin that works.
func (f *lastFailure) ofItsOwn(o *origin) bool {
	own := f.at == o && (f.own || o.successes > f.successes)
	*f = lastFailure{o, o.successes, own}
	return own
}

// enter asks for the right to send one request to key now with the slot that the
// task holds. It returns the error that all tasks of a given-up origin end
// with, or asynccore.OpenError when the breaker changed its mind since the
// slot was granted: the task then goes back to its lane.
func (g *Gate) enter(key string, final bool, failed *lastFailure, now time.Time) (request, error) {
	g.mu.Lock()
	o := g.origin(key, now)
	lost, pause := o.lost, o.pausedUntil
	tooLong := o.tooLong(now)
	g.mu.Unlock()
	if lost {
		return request{}, &CircuitOpenError{Origin: key}
	}
	if tooLong {
		return request{}, &RetryAfterError{Origin: key, Wait: pause.Sub(now)}
	}
	pass, err := o.breaker.Allow()
	if err != nil {
		g.mu.Lock()
		o.probed = o.probing > 0 && o.breaker.State() == asynccore.BreakerHalfOpen
		g.mu.Unlock()
		return request{}, err
	}
	probe := o.breaker.State() != asynccore.BreakerClosed
	if probe {
		g.mu.Lock()
		o.probing++
		g.mu.Unlock()
	}
	return request{gate: g, o: o, pass: pass, began: now, final: final, failed: failed, probe: probe}, nil
}

// settle tells the gate what has become of the request by now. Only the first
// call counts.
func (r *request) settle(v verdict, now time.Time) {
	if r.told {
		return
	}
	r.told = true
	g := r.gate
	g.mu.Lock()
	suspected := r.o.guessGap > 0 // its lane may have been told to wait for the next guess
	r.o.probed = false
	if r.probe {
		r.o.probing--
	}
	if v == timeout || v == unwell || v == throttled {
		r.o.cut(r.began, now)
	}
	if v.failed() && r.failed.ofItsOwn(r.o) {
		v = neutral
	}
	switch {
	case v == success:
		r.o.success(r.began, r.o.cfg.PerHost)
		r.o.proved.Store(false)
	case v.failed():
		r.o.failures++
		if r.final {
			r.o.proved.Store(true)
		}
	}
	g.mu.Unlock()

	switch {
	case v == success:
		r.pass.Done(nil)
		if suspected {
			g.wake(r.o.key)
		}
	case v.failed():
		r.pass.Done(errFailed)
	default:
		r.pass.Done(asynccore.ErrNotCounted)
	}
}

// pause keeps the whole origin from starting anything until then, and makes it
// restart gently afterwards. A pause never shortens another.
func (r *request) pause(until time.Time) {
	g := r.gate
	g.mu.Lock()
	longer := until.After(r.o.pausedUntil)
	if longer {
		r.o.pausedUntil = until
		r.o.restart(until)
		g.rest(r.o)
	}
	g.mu.Unlock()
	if longer {
		g.cfg.Hooks.paused(r.o.key, until)
	}
}

// changed is the breaker's OnChange: it is called without locks held.
func (g *Gate) changed(o *origin, from, to asynccore.BreakerState, retryAt time.Time) {
	g.mu.Lock()
	o.probed, o.opened = false, to != asynccore.BreakerClosed
	switch {
	case to == asynccore.BreakerOpen && o.breaker.Exhausted() && !o.lost:
		o.lost, o.lostAt = true, time.Now()
		if o.gone != nil {
			close(o.gone)
		}
	case to == asynccore.BreakerOpen:
		o.restart(retryAt)
		g.rest(o)
	case to == asynccore.BreakerClosed:
		o.cleared()
		o.restart(time.Now())
	}
	lost := o.lost
	g.mu.Unlock()
	g.cfg.Hooks.breaker(o.key, from, to, retryAt, lost)
	g.wake(o.key)
}
