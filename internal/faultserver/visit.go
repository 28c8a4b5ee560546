package faultserver

import (
	"net/http"
	"strings"
	"time"
)

// visit is a request in flight. Its methods are used by one goroutine.
type visit struct {
	stats  *stats
	entry  *Request
	epoch  int
	ended  bool
	hidden bool // a control path: not counted
}

// enter counts a request whose head was just read on connection conn.
func (s *Server) enter(conn int, r *request) *visit {
	if strings.HasPrefix(r.name, "_") {
		return &visit{hidden: true}
	}
	return s.stats.arrive(conn, r.origin.name, r.Request)
}

func (st *stats) arrive(conn int, name string, r *http.Request) *visit {
	st.mu.Lock()
	defer st.mu.Unlock()
	now := time.Now()
	entry := &Request{
		Time: now, Listener: name, Conn: conn, Proto: r.Proto,
		Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header,
	}
	if len(st.log) < st.limit {
		st.log = append(st.log, entry)
	}
	for _, c := range []*Counts{&st.total, st.named(name)} {
		c.Requests++
		c.InFlight++
		c.InFlightMax = max(c.InFlightMax, c.InFlight)
	}
	st.paths[entry.Path]++
	st.perName[name][entry.Path]++
	st.arrivals = append(st.arrivals, arrival{at: now, listener: name})
	return &visit{stats: st, entry: entry, epoch: st.epoch}
}

// status notes what was answered.
func (v *visit) status(code int) {
	if v.hidden {
		return
	}
	v.stats.mu.Lock()
	defer v.stats.mu.Unlock()
	v.entry.Status = code
}

// end takes the request out of flight; only the first call counts.
func (v *visit) end() {
	if v.ended || v.hidden {
		return
	}
	v.ended = true
	st := v.stats
	st.mu.Lock()
	defer st.mu.Unlock()
	if v.epoch == st.epoch {
		st.total.InFlight--
		st.named(v.entry.Listener).InFlight--
	}
}
