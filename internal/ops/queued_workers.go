package ops

import (
	"context"
	"time"
)

// workersEvery is how often it is asked whether there are workers.
const workersEvery = 10 * time.Second

// watchWorkers tells when there is nobody to wait for, and when there is again,
// until ctx ends.
func (r *queuedRun) watchWorkers(ctx context.Context) {
	tick := time.NewTicker(workersEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.lookForWorkers(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// lookForWorkers tells what has changed since it was asked last.
func (r *queuedRun) lookForWorkers(ctx context.Context) {
	live, err := r.q.Workers(ctx)
	switch {
	case err != nil || r.alone == (len(live) == 0): // that the server is away is told by those who need it
	case r.alone:
		r.alone = false
		r.req.Tell.Warn("there are workers again")
	default:
		r.alone = true
		r.req.Tell.Warn("no worker takes tasks from this queue at the moment (specify worker --queue URL)")
	}
}
