package faultserver

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// throttleRoute answers 429 (?status=) with Retry-After: ?after= (seconds, 1)
// to the first ?n= (1) requests of the path, and 200 afterwards.
//
// With ?scope=origin the first request to any such path of the listener
// throttles all of them: until that time has passed each gets 429 with what is
// left of it. It happens once.
func throttleRoute(r *request) answer {
	after := time.Duration(r.query("after", 1)) * time.Second
	status := r.query("status", http.StatusTooManyRequests)
	if r.URL.Query().Get("scope") == "origin" {
		left := r.server.state.throttled(r.origin.name, after)
		if left <= 0 {
			return text(http.StatusOK, "ok\n")
		}
		return text(status, "later\n", "Retry-After", seconds(left))
	}
	if r.server.state.visit(r.key()) > r.query("n", 1) {
		return text(http.StatusOK, "ok\n")
	}
	return text(status, "later\n", "Retry-After", seconds(after))
}

// seconds rounds up: who waits so long is never early.
func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

// throttled returns how much longer the listener is throttled. The first call
// begins it.
func (st *state) throttled(listener string, d time.Duration) time.Duration {
	st.mu.Lock()
	defer st.mu.Unlock()
	until, begun := st.pauses[listener]
	if !begun {
		until = time.Now().Add(d)
		st.pauses[listener] = until
	}
	return time.Until(until)
}

// bucket is a token bucket that begins full.
type bucket struct {
	tokens float64
	at     time.Time // when tokens was right
}

// take takes one token, if there is one, from a bucket that holds at most size
// and gains rate a second.
func (b *bucket) take(now time.Time, rate, size float64) bool {
	b.tokens = min(size, b.tokens+rate*now.Sub(b.at).Seconds())
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// rateLimitRoute answers 200 to ?rps= (10) requests a second of the listener,
// with a burst of ?burst= (as rps), and 429 with Retry-After: 1 to the others.
func rateLimitRoute(r *request) answer {
	rate := max(1, r.query("rps", 10))
	size := max(1, r.query("burst", rate))
	st := r.server.state
	st.mu.Lock()
	defer st.mu.Unlock()
	now := time.Now()
	b := st.buckets[r.origin.name]
	if b == nil {
		b = &bucket{tokens: float64(size), at: now}
		st.buckets[r.origin.name] = b
	}
	if !b.take(now, float64(rate), float64(size)) {
		return text(http.StatusTooManyRequests, "later\n", "Retry-After", "1")
	}
	return text(http.StatusOK, "ok\n")
}

// retryAfterRoute answers /retry-after/{code} with that status and the field
// value ?v=, or a date ?in= seconds ahead (negative: past) in the form ?form=
// (imf, rfc850 or asctime: RFC 9110 §5.6.7). ?skew= sets the server's clock
// ahead by so many seconds, in Date as well. With ?n= only the first n requests
// of the path are answered so, the others with 200.
func retryAfterRoute(r *request) answer {
	q := r.URL.Query()
	if n := r.query("n", math.MaxInt); r.server.state.visit(r.key()) > n {
		return text(http.StatusOK, "ok\n")
	}
	now := time.Now().UTC().Add(time.Duration(r.query("skew", 0)) * time.Second)
	value := q.Get("v")
	if form := q.Get("form"); form != "" {
		// A date has whole seconds: rounded up, so that it is never early.
		at := now.Add(time.Duration(r.query("in", 1))*time.Second + time.Second - 1).Truncate(time.Second)
		layout, ok := dateForms[form]
		if !ok {
			return text(http.StatusBadRequest, "no such form of a date\n")
		}
		value = at.Format(layout)
	}
	return text(r.num(0, http.StatusTooManyRequests), "later\n",
		"Retry-After", value, "Date", now.Format(http.TimeFormat))
}

var dateForms = map[string]string{
	"imf":     http.TimeFormat,
	"rfc850":  "Monday, 02-Jan-06 15:04:05 GMT",
	"asctime": time.ANSIC,
}
