package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// A collector whose disk is full ends with status 6, and leaves on the queue
// what it cannot keep; with room it goes on.
func TestQueueBodiesDiskFull(t *testing.T) {
	const tasks = 40
	_, address := natsServer(t, nil)
	dir := t.TempDir()
	resize := smallDisk(t, dir, "out", "256k")
	list := writeLines(t, dir, tasks, bodyServers(t, 4, func(int) {}))
	startWorker(t, dir, address, "w0")
	args := []string{"batch", "--file", list, "--queue", address, "--results", "out.ndjson", "--resume", "--output-dir", "out"}
	p := launch(t, dir, args...)
	p.mustEnd(t, 6, time.Minute)
	j := readLedger(t, filepath.Join(dir, "out.ndjson"))
	if len(j.newest) != tasks || j.count(task.Failed) != 0 || strings.Count(p.stderr.String(), "no space left") != 1 {
		t.Errorf("%d of %d tasks have a record, %d failed: %s", len(j.newest), tasks, j.count(task.Failed), p.stderr.String())
	}
	resize("64m")
	launchAndEnd(t, dir, 0, args...)
	readLedger(t, filepath.Join(dir, "out.ndjson")).want(t, tasks, tasks, 0)
	if n := pieces(t, jetStream(t, address)); n != 0 {
		t.Errorf("%d pieces are left", n)
	}
}
