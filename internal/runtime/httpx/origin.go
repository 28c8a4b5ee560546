package httpx

import (
	"math"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// Origin returns the origin of u as scheme://host:port, in lower case and with
// the port always there: the key under which gates, breakers, rates and lanes
// are kept.
func Origin(u *url.URL) string {
	scheme, host := u.Scheme, u.Host
	if u.Port() == "" {
		host = strings.TrimSuffix(host, ":") + ":" + defaultPort(scheme)
	}
	return strings.ToLower(scheme + "://" + host)
}

func defaultPort(scheme string) string {
	if strings.EqualFold(scheme, "https") {
		return "443"
	}
	return "80"
}

// hold is why a lane may not start a task now.
type hold uint8

const (
	holdNone    hold = iota // at the concurrency limit, or free
	holdRate                // --rate or --rate-host
	holdPause               // Retry-After, and the spread-out restart after it
	holdBreaker             // open, or probing
	holds
)

// held is the time for which an origin could not start tasks, by reason, since
// the origin was first seen. Two readings tell why a task waited in between.
type held [holds]time.Duration

// Mark stands for how long an origin had been holding tasks back at one moment.
// It is a pointer's worth of memory for each of the tasks that wait, since all
// that are submitted between two changes share one.
type Mark struct {
	held  held
	why   hold      // what the origin has been holding tasks back for, since
	since time.Time // then
}

// at returns the totals at a time at which the mark was the latest.
func (m *Mark) at(now time.Time) held {
	h := m.held
	h[m.why] += now.Sub(m.since)
	return h
}

// origin is everything the gate knows of one origin. Gate.mu guards all fields
// but the first four.
type origin struct {
	key     string
	cfg     *GateConfig // the Gate's, or what a Host makes of it
	breaker *asynccore.Breaker
	proved  atomic.Bool // among the latest failures in a row was a retry, or one that none follows

	limiter  *asynccore.Limiter // nil without --rate-host
	inflight int                // slots granted and not yet released
	limit    float64            // AIMD: between 1 and --per-host
	cutAt    time.Time          // when the limit was last halved

	pausedUntil time.Time // Retry-After
	restarted   time.Time // when the origin began anew after a pause or an outage; zero when that is long ago
	nextStart   time.Time // no start before it while the origin restarts

	successes int           // attempts that were answered
	failures  int           // consecutive failed attempts
	retries   int           // tasks between the failure of an attempt here and the end of its retry
	returning int           // retries that stand in the lane
	arriving  int           // first attempts that do, led there by a redirect
	guessGap  time.Duration // see doubtful; zero when the origin is above suspicion
	nextGuess time.Time

	opened  bool // the breaker is open or half-open: what starts is a probe, and tells about the origin rather than about a URL that has failed already
	probing int  // probes under way
	probed  bool // half-open, and all probes of the round are under way

	lost   bool          // given up for this run
	lostAt time.Time     // when it was
	gone   chan struct{} // closed when lost; made when somebody sleeps

	mark *Mark // never nil; replaced at each change
}

// holding notes that the origin refuses starts for a reason, from now on.
// holdNone ends what was noted.
func (o *origin) holding(why hold, now time.Time) {
	if o.mark.why != why {
		o.mark = &Mark{held: o.mark.at(now), why: why, since: now}
	}
}

// tooLong reports whether the origin's pause is not worth waiting for.
func (o *origin) tooLong(now time.Time) bool {
	until := o.pausedUntil
	if !now.Before(until) {
		return false
	}
	return o.cfg.LongestWait > 0 && until.Sub(now) > o.cfg.LongestWait ||
		!o.cfg.Deadline.IsZero() && until.After(o.cfg.Deadline)
}

// Pacing after a pause or an outage: the concurrency limit begins at 1, and the
// gaps between starts begin at firstGap and halve every halving, until they are
// below lastGap and are dropped. So a second after the restart, at the latest,
// nothing but the concurrency limit is left of it.
const (
	firstGap = 50 * time.Millisecond
	halving  = 100 * time.Millisecond
	lastGap  = 2 * time.Millisecond
)

// restart makes the origin begin anew at a time, one request first.
func (o *origin) restart(at time.Time) {
	o.limit, o.cutAt, o.restarted, o.nextStart = 1, at, at, time.Time{}
}

// started notes a start, and sets when the next may be.
func (o *origin) started(now time.Time) {
	o.inflight++
	if o.restarted.IsZero() {
		return
	}
	halvings := max(0, now.Sub(o.restarted)).Seconds() / halving.Seconds()
	gap := time.Duration(float64(firstGap) * math.Exp2(-halvings))
	if gap < lastGap {
		o.restarted = time.Time{}
		return
	}
	o.nextStart = now.Add(gap)
}

// success grows the limit by one per limit's worth of successes (additive
// increase). An attempt that began before
// the last cut tells nothing of how the origin fares since.
func (o *origin) success(began time.Time, ceiling int) {
	o.cleared()
	o.successes++
	if began.Before(o.cutAt) {
		return
	}
	o.limit = min(float64(ceiling), o.limit+1/o.limit)
}

// cut halves the limit (multiplicative decrease). Attempts that began before
// the last cut tell of the same congestion and do not cut again.
func (o *origin) cut(began, now time.Time) {
	if began.Before(o.cutAt) {
		return
	}
	o.limit, o.cutAt = max(1, o.limit/2), now
}
