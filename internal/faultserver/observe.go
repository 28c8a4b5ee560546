package faultserver

import "time"

// Stats returns what was seen so far, without the log.
func (s *Server) Stats() Stats { return s.stats.snapshot(false) }

// Log returns the first requests since the start or the last Reset, as many as
// Config.LogLimit allows, in order of arrival.
func (s *Server) Log() []Request { return s.stats.snapshot(true).Log }

// Count returns how many requests for path, whatever their query, arrived at
// all listeners together.
func (s *Server) Count(path string) int {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	return s.stats.paths[path]
}

// CountOn returns how many requests for path arrived at one listener.
func (s *Server) CountOn(listener, path string) int {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	return s.stats.perName[listener][path]
}

// Commits returns how many requests for a path of /commit-then-reset were read
// to their end: what a real server would have acted upon.
func (s *Server) Commits(path string) int {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	return s.stats.commits[path]
}

// MaxPerWindow returns the largest number of requests that arrived at a
// listener, or at all for "", within any interval of length window.
func (s *Server) MaxPerWindow(listener string, window time.Duration) int {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	return busiest(s.stats.arrivals, listener, window)
}

// Reset forgets the log, the counts, the state of all stateful paths and the
// outage. Connections stay open, and keep their numbers.
func (s *Server) Reset() {
	s.stats.reset()
	s.state.reset()
}
