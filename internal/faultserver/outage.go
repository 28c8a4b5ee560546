package faultserver

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// outage is what /outage and all paths below it suffer from.
type outage struct {
	mode  string
	until time.Time // zero: until it is changed
}

// SetOutage makes /outage and every path below it, on all listeners, fail as
// mode says for a time, or until it is called again when d is 0. A mode is a
// status ("503"), "reset", "close" (the connection ends without an answer),
// "stall" (nothing ever comes), or "" for an end of the outage. Any other mode
// is an error.
func (s *Server) SetOutage(mode string, d time.Duration) error {
	switch mode {
	case "", "reset", "close", "stall":
	default:
		if code, err := strconv.Atoi(mode); err != nil || code < 200 || code > 999 {
			return fmt.Errorf("no outage mode %q", mode)
		}
	}
	o := outage{mode: mode}
	if d > 0 {
		o.until = time.Now().Add(d)
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.outage = o
	return nil
}

func outageRoute(r *request) answer {
	st := r.server.state
	st.mu.Lock()
	o := st.outage
	st.mu.Unlock()
	if !o.until.IsZero() && time.Now().After(o.until) {
		o.mode = ""
	}
	switch o.mode {
	case "":
		return text(http.StatusOK, "ok\n")
	case "reset":
		return answer{end: abort}
	case "close":
		return answer{end: shut}
	case "stall":
		return answer{end: hang}
	}
	return text(number(o.mode, http.StatusServiceUnavailable), "outage\n")
}
