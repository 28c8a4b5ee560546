package faultserver

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Request is one request as it arrived.
type Request struct {
	Time     time.Time   `json:"time"`
	Listener string      `json:"listener"`
	Conn     int         `json:"conn"` // from 1, over all listeners
	Proto    string      `json:"proto"`
	Method   string      `json:"method"`
	Path     string      `json:"path"` // without the query
	Query    string      `json:"query,omitempty"`
	Header   http.Header `json:"header"`           // shared with the Log: not to be changed
	Status   int         `json:"status,omitempty"` // of the answer; 0 while there is none, and where it is not one
}

// Counts are the totals of a listener, or of all of them.
type Counts struct {
	Requests       int `json:"requests"`
	InFlight       int `json:"in_flight"`
	InFlightMax    int `json:"in_flight_max"`
	Connections    int `json:"connections"` // opened so far
	ConnectionsMax int `json:"connections_max"`
	MaxPer100ms    int `json:"max_per_100ms"` // the most requests in any 100 ms
	Malformed      int `json:"malformed"`     // HTTP/1.1 requests that could not be read; in no other count
	open           int
}

// Stats is a snapshot of what the Server saw since it started or was Reset.
// The paths below "/_" are never counted.
type Stats struct {
	Counts
	Listeners map[string]Counts `json:"listeners"`
	Paths     map[string]int    `json:"paths"`   // requests, by path without the query
	Commits   map[string]int    `json:"commits"` // requests read to their end by /commit-then-reset, by path
	Log       []Request         `json:"log,omitempty"`
}

// stats counts. A request is in flight from the time that its head was read
// until just before the last byte of its answer is written: a client can never
// have seen the end of an answer that still counts. An exchange that the
// client gives up counts until the Server notices.
type stats struct {
	limit int

	mu       sync.Mutex // guards all below
	epoch    int        // raised by reset: what began before no longer counts
	conns    int        // the last connection's number
	total    Counts
	byName   map[string]*Counts
	paths    map[string]int
	perName  map[string]map[string]int // listener, path
	commits  map[string]int
	log      []*Request
	arrivals []arrival // in order of time
}

type arrival struct {
	at       time.Time
	listener string
}

func newStats(limit int) *stats {
	st := &stats{limit: limit}
	st.clear()
	return st
}

func (st *stats) clear() {
	st.byName = make(map[string]*Counts)
	st.paths = make(map[string]int)
	st.perName = make(map[string]map[string]int)
	st.commits = make(map[string]int)
	st.log, st.arrivals = nil, nil
}

// reset forgets everything but the connections that are open.
func (st *stats) reset() {
	st.mu.Lock()
	defer st.mu.Unlock()
	open := make(map[string]int)
	for name, c := range st.byName {
		open[name] = c.open
	}
	st.epoch++
	st.total = Counts{open: st.total.open}
	st.clear()
	for name, n := range open {
		st.named(name).open = n
	}
}

// named returns the counts of a listener; st.mu is held.
func (st *stats) named(listener string) *Counts {
	c := st.byName[listener]
	if c == nil {
		c = &Counts{}
		st.byName[listener] = c
		st.perName[listener] = make(map[string]int)
	}
	return c
}

// connect counts a connection and returns its number.
func (st *stats) connect(listener string) int {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, c := range []*Counts{&st.total, st.named(listener)} {
		c.Connections++
		c.open++
		c.ConnectionsMax = max(c.ConnectionsMax, c.open)
	}
	st.conns++
	return st.conns
}

func (st *stats) disconnect(listener string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.total.open--
	st.named(listener).open--
}

func (st *stats) malformed(listener string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.total.Malformed++
	st.named(listener).Malformed++
}

func (st *stats) commit(path string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.commits[path]++
}

// snapshot copies the counts, and the log when it is asked for.
func (st *stats) snapshot(withLog bool) Stats {
	st.mu.Lock()
	defer st.mu.Unlock()
	s := Stats{
		Counts:    st.total,
		Listeners: make(map[string]Counts),
		Paths:     maps.Clone(st.paths),
		Commits:   maps.Clone(st.commits),
	}
	s.MaxPer100ms = busiest(st.arrivals, "", 100*time.Millisecond)
	for name, c := range st.byName {
		l := *c
		l.MaxPer100ms = busiest(st.arrivals, name, 100*time.Millisecond)
		s.Listeners[name] = l
	}
	if withLog {
		s.Log = make([]Request, len(st.log))
		for i, entry := range st.log {
			s.Log[i] = *entry
		}
	}
	return s
}

// busiest returns the largest number of arrivals at a listener ("" for all)
// within any half-open interval of length window.
func busiest(arrivals []arrival, listener string, window time.Duration) int {
	if listener != "" {
		arrivals = slices.DeleteFunc(slices.Clone(arrivals), func(a arrival) bool { return a.listener != listener })
	}
	most, first := 0, 0
	for i, a := range arrivals {
		for a.at.Sub(arrivals[first].at) >= window {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
