package faultserver

import (
	"net/http"
	"sync"
	"time"
)

// state is what stateful paths remember between requests.
type state struct {
	mu      sync.Mutex           // guards all below
	visits  map[string]int       // requests so far, by request.key
	pauses  map[string]time.Time // until when a listener is throttled
	buckets map[string]*bucket   // of /ratelimit, by listener
	outage  outage
}

func newState() *state {
	st := &state{}
	st.clear()
	return st
}

func (st *state) clear() {
	st.visits = make(map[string]int)
	st.pauses = make(map[string]time.Time)
	st.buckets = make(map[string]*bucket)
	st.outage = outage{}
}

func (st *state) reset() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.clear()
}

// visit counts a request for key, and returns 1 for the first.
func (st *state) visit(key string) int {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.visits[key]++
	return st.visits[key]
}

// early counts the request and says whether it is one of the first n, where n
// is the first argument of the path.
func (r *request) early() bool {
	return r.server.state.visit(r.key()) <= r.num(0, 0)
}

func flakyRoute(r *request) answer {
	if r.early() {
		return text(r.query("code", http.StatusServiceUnavailable), "not yet\n")
	}
	return text(http.StatusOK, "ok\n")
}

func resetThenOKRoute(r *request) answer {
	if r.early() {
		return answer{end: abort}
	}
	return text(http.StatusOK, "ok\n")
}

// commitThenResetRoute stands for a server that does what it was asked and
// then loses the connection: to send such a request again does the deed twice.
func commitThenResetRoute(*request) answer {
	return answer{commit: true, end: abort}
}
