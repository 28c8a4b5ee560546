//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// A run that is killed at any moment leaves results that say nothing untrue and
// outputs that are whole; resumed until it ends, it has every task, and has not
// asked again for what a record said was there.
func TestKilledAtAnyMoment(t *testing.T) {
	const jobs = 32
	tasks, kills := scale(400, 2000), scale(5, 100)
	c := crash{source: newSource(t), tasks: tasks}
	c.dir = t.TempDir()
	c.args = []string{
		"batch", "--file", writeLines(t, c.dir, tasks, func(i int) string { return c.source.url(i) + " " + outputOf(i) }),
		"--results", "out.ndjson", "--output-dir", "out", "--resume", "--jobs", strconv.Itoa(jobs), "--per-host", strconv.Itoa(jobs), "--silent",
	}
	undisturbed := launch(t, c.dir, c.args...)
	undisturbed.mustEnd(t, 0, time.Minute)
	t.Logf("undisturbed: %v, %v of CPU", undisturbed.took, undisturbed.cpu())
	for c.kills < kills {
		c.forget(t)
		for rand.IntN(3) > 0 && c.kill(t, rand.N(undisturbed.took)) {
		}
		last := launch(t, c.dir, c.args...)
		last.mustEnd(t, 0, time.Minute)
		c.check(t)
		if _, parts := outputs(t, filepath.Join(c.dir, "out")); len(parts) > 0 {
			t.Fatalf("temporary files left by a run that ended: %q", parts)
		}
		readLedger(t, filepath.Join(c.dir, "out.ndjson")).want(t, tasks, tasks, 0)
		if len(c.files) != tasks {
			t.Fatalf("%d files for %d tasks", len(c.files), tasks)
		}
	}
	t.Logf("%d kills: at most %d requests repeated for one of them, %d torn lines, at most %d temporary files left by a kill",
		c.kills, c.repeated, c.torn, c.parts)
	if c.repeated > 10*jobs { // in flight, and moments of a busy disk
		t.Errorf("%d requests were repeated for one kill, with %d in flight", c.repeated, jobs)
	}
}

func outputOf(i int) string { return fmt.Sprintf("%d/%d", i%20, i) }

// crash is a list that is run again and again.
type crash struct {
	source *source
	tasks  int
	dir    string
	args   []string
	files  []string // whole outputs, as check has found them

	done map[int]int // number of a task with an ok record: requests for it so far

	kills, repeated, torn, parts int
}

// forget begins anew.
func (c *crash) forget(t *testing.T) {
	t.Helper()
	for _, name := range []string{"out", "out.ndjson"} {
		if err := os.RemoveAll(filepath.Join(c.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	c.done = nil
}

// kill runs the list and kills it after a while, if it has not ended by then.
func (c *crash) kill(t *testing.T, after time.Duration) bool {
	t.Helper()
	seen, had := c.source.total(), len(c.done)
	p := launch(t, c.dir, c.args...)
	time.Sleep(after)
	p.Process.Kill()
	if status := p.end(t, time.Minute); status != -1 {
		if status != 0 {
			t.Fatalf("exit status %d: %s", status, p.stderr.String())
		}
		return false
	}
	eventually(t, "the server sees that its client is gone", func() bool { return c.source.flight.Load() == 0 })
	c.kills++
	c.check(t)
	c.repeated = max(c.repeated, c.source.total()-seen-(len(c.done)-had))
	return true
}

// check looks at what is there after a run or a kill: every file whole, a file
// for every ok record, and no request more for those that there were before.
func (c *crash) check(t *testing.T) {
	t.Helper()
	requests := c.source.requests()
	for i, n := range c.done {
		if requests[i] != n {
			t.Fatalf("task %d had an ok record and was fetched again", i)
		}
	}
	j := readLedger(t, filepath.Join(c.dir, "out.ndjson"))
	if j.torn > 0 {
		c.torn++
	}
	c.done = make(map[int]int)
	for _, r := range j.newest {
		i := c.source.number(t, r.URL)
		if r.Outcome != task.OK || r.Output == nil || r.Output.Path != outputOf(i) || r.Output.Bytes != body(i).Size() {
			t.Fatalf("record %+v, output %+v", r, r.Output)
		}
		sameAsSource(t, filepath.Join(c.dir, "out", r.Output.Path), i)
		c.done[i] = requests[i]
	}
	var parts []string
	c.files, parts = outputs(t, filepath.Join(c.dir, "out"))
	for _, name := range c.files {
		i, err := strconv.Atoi(filepath.Base(name))
		if err != nil {
			t.Fatalf("who has made %s?", name)
		}
		sameAsSource(t, name, i)
	}
	c.parts = max(c.parts, len(parts))
}
