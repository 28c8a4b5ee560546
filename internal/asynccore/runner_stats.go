package asynccore

// RunnerStats is a Runner at one moment.
type RunnerStats struct {
	Workers int    // slots there are
	Running int    // slots held; above Workers for a while after SetWorkers
	Queued  int    // jobs that wait for their first start
	Waiting [5]int // the same by class, from critical to background
	Parked  int    // jobs that gave their slot back, or wait to get one again
	Blocked bool   // submissions wait for room in the queue
	Lanes   int    // keys that have jobs, slots, a pause or a refusal with a time
}

// Stats returns the state of r.
func (r *Runner) Stats() RunnerStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	lanes := len(r.lanes)
	if r.recent != nil && r.recent.idle() {
		lanes--
	}
	return RunnerStats{
		Workers: r.workers,
		Running: r.running,
		Queued:  r.queued,
		Waiting: r.byRank,
		Parked:  r.parked,
		Blocked: r.blocked.first != nil,
		Lanes:   lanes,
	}
}
