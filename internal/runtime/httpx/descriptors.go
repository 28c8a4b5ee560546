package httpx

const (
	// spareDescriptors are those that are not for attempts: standard streams,
	// lists, results, lock, the poller, look-ups, a trace file, a collector.
	spareDescriptors = 32
	// eachDescriptors are those that one attempt may need: its connection, an
	// idle one to an origin of before, and the file that its body goes to.
	eachDescriptors = 3
)

// FittingJobs returns how many attempts may be in flight at once, at most jobs
// and at least 1, so that they do not run out of file descriptors, and whether
// that is fewer than jobs.
func FittingJobs(jobs int) (fit int, lowered bool) {
	limit, known := Descriptors()
	if !known {
		return jobs, false
	}
	fit = fitting(jobs, limit)
	return fit, fit < jobs
}

// maxIdle is how many idle connections are kept at most, as many as tasks wait
// in a batch's window: a list that goes round among so many origins would
// otherwise dial, and shake hands, for every URL.
const maxIdle = 10_000

// idleFor returns how many connections may be idle beside so many attempts in
// flight.
func idleFor(jobs, limit int) int {
	return max(jobs, min(maxIdle, limit-spareDescriptors-(eachDescriptors-1)*jobs))
}

func fitting(jobs, limit int) int {
	return min(jobs, max(1, (limit-spareDescriptors)/eachDescriptors))
}
