package main

import (
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// An origin whose every body breaks off is as dead as one that refuses: headers
// alone do not close its breaker, and it is given up.
func TestOriginThatCutsEveryBody(t *testing.T) {
	server := serve(t, 1)
	const tasks = 400
	o := batch(t, lines(tasks, server.URL("origin1", "/cl-short?%d")), "--retry-delay", "50ms", "--breaker-cooldown", "1s")
	n, given := server.Stats().Requests, o.errorTypes()[task.ErrCircuitOpen]
	t.Logf("%d requests for %d tasks in %v: %v", n, tasks, o.took.Round(time.Millisecond), o.errorTypes())
	if o.ok() > 0 || n > 40 || given < tasks-20 || o.took > 20*time.Second {
		t.Errorf("%d requests, %d tasks given up with their origin, %v", n, given, o.took)
	}
}
