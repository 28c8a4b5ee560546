package ops

import (
	"time"

	"github.com/specify-cli/specify/internal/runtime/httpx"
)

// Progress is how a batch stands at one moment, as far as its records do not
// tell.
type Progress struct {
	Active   int   // attempts in flight
	Skipped  int64 // tasks that an earlier run has completed
	Stopping bool  // nothing new is sent; what is in flight may end
	httpx.Pauses
}

// progress takes a few short locks: it is for a few times a second.
func (r *batchRun) progress() Progress {
	p := Progress{Active: r.runner.Stats().Running, Stopping: r.stop.Err() != nil, Pauses: r.conn.Gate.Pauses(time.Now())}
	r.mu.Lock()
	defer r.mu.Unlock()
	p.Skipped = r.tally.Skipped
	return p
}
