//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCluster is "make cluster": three servers, a collector and four workers,
// each a process of its own, carry out 100,000 tasks while servers, a worker and
// the collector are killed with -9. In the end there is one record of each task,
// and no origin was ever with two workers.
func TestCluster(t *testing.T) {
	if os.Getenv("SPECIFY_CLUSTER") == "" {
		t.Skip(`"make cluster" runs it`)
	}
	const tasks, perHost = 100_000, 6
	began := time.Now()
	program := built(t, ".", "specify")
	c := startCluster(t, 3)
	f := newFleet(t, 200, 120*time.Millisecond) // slow enough for the list to be published first
	dir := t.TempDir()
	list := writeLines(t, dir, tasks, f.url)
	begin := func(args ...string) *running { return launchBuilt(t, program, dir, args...) }
	var kills []string
	kill := func(what string, now func()) {
		kills = append(kills, fmt.Sprintf("%5.1f s: %s, with %6d tasks published and %6d records collected", time.Since(began).Seconds(), what,
			c.stream(t, "specify-jobs").State.LastSeq, recordsSoFar(dir)))
		t.Log(kills[len(kills)-1])
		now()
	}
	// Each server that is killed comes back, as it would under systemd.
	killServer := func(d *node, what string) {
		kill(what+" ("+d.name+")", func() { c.kill(t, d) })
		time.Sleep(2 * time.Second)
		c.start(t, d)
	}
	var workers []*running
	worker := func(name string) *running {
		return begin("worker", "--queue", c.address(), "-H", "X-Worker: "+name, "--jobs", "32", "--per-host", fmt.Sprint(perHost))
	}
	for i := range 4 {
		workers = append(workers, worker(fmt.Sprint("w", i)))
	}
	awaitWorkers(t, c.address(), 4)
	collect := []string{"batch", "--file", list, "--queue", c.address(), "--results", "out.ndjson", "--resume"}
	collector := begin(collect...)
	await := func(what string, ok func() bool) {
		for until := time.Now().Add(3 * time.Minute); !ok(); time.Sleep(200 * time.Millisecond) {
			if time.Now().After(until) {
				t.Fatalf("waited in vain: %s; %d records, %+v", what, recordsSoFar(dir), c.stream(t, "specify-jobs").State)
			}
		}
	}
	published := func(n uint64) {
		await(fmt.Sprint(n, " tasks are published"), func() bool { return c.stream(t, "specify-jobs").State.LastSeq >= n })
	}
	collected := func(more int) {
		n := recordsSoFar(dir) + more
		await(fmt.Sprint(n, " records are collected"), func() bool { return recordsSoFar(dir) >= n })
	}
	killCollector := func(what string) {
		kill(what, func() {
			collector.Process.Kill()
			collector.end(t, time.Minute)
		})
		collector = begin(collect...)
	}

	published(15_000)
	killServer(c.leader(t, "specify-jobs"), "leader of the tasks while publishing")
	published(30_000)
	killCollector("collector while publishing")
	published(tasks)
	killServer(c.leader(t, "specify-results"), "leader of the records while consuming")
	collected(8000)
	kill("a worker", func() {
		workers[0].Process.Kill()
		workers[0].end(t, time.Minute)
		f.gone("w0")
	})
	collected(8000)
	killServer(c.leader(t, "specify-jobs"), "leader of the tasks while consuming")
	collected(8000)
	killCollector("collector while collecting")
	collector.mustEnd(t, 0, 10*time.Minute)
	took := time.Since(began)

	ledger := readLedger(t, filepath.Join(dir, "out.ndjson"))
	ledger.want(t, tasks, tasks, 0)
	if ledger.lines != tasks {
		t.Errorf("%d records for %d tasks", ledger.lines, tasks)
	}
	requests := f.check(t, perHost)
	eventually(t, "nothing is left on the queue", func() bool { return c.stream(t, "specify-jobs").State.Msgs == 0 })
	delivered := c.delivered(t)
	t.Logf(`
%d tasks, 3 servers, 4 workers: %d records, %d missing, %d duplicate
in %.0f s, with %d kills:
  %s
%d deliveries (%d of them again), %d requests (%d of them again)`,
		tasks, ledger.lines, tasks-len(ledger.newest), ledger.lines-len(ledger.newest),
		took.Seconds(), len(kills), strings.Join(kills, "\n  "), delivered, delivered-tasks, requests, requests-tasks)
	t.Logf("the last collector: %s", clip(collector))
	for i, w := range workers[1:] {
		w.Process.Signal(os.Interrupt)
		w.mustEnd(t, 130, time.Minute)
		t.Logf("worker %d: %s", i+1, clip(w))
	}
}
