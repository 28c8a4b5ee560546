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
	f := newFleet(t, 200, 10*time.Millisecond)
	dir := t.TempDir()
	list := writeLines(t, dir, tasks, f.url)
	begin := func(args ...string) *running {
		p := prepared(t, dir, args...)
		p.Path = program
		p.launch(t)
		t.Cleanup(func() {
			if p.ProcessState == nil {
				p.Process.Kill()
				_ = p.Wait() // it was killed
			}
			if t.Failed() {
				t.Logf("%v: %s", p.Args[1:4], clip(p))
			}
		})
		return p
	}
	var kills []string
	killed := func(what string) {
		kills = append(kills, what)
		t.Logf("%6.1f s: killed %s; %d tasks published, %d records collected", time.Since(began).Seconds(), what,
			c.stream(t, "specify-jobs").State.LastSeq, recordsSoFar(dir))
	}
	// Each server that is killed comes back, as it would under systemd.
	killServer := func(d *node, why string) {
		c.kill(t, d)
		killed(d.name + ", " + why)
		time.Sleep(2 * time.Second)
		c.start(t, d)
	}
	var workers []*running
	worker := func(name string) *running {
		return begin("worker", "--queue", c.address(), "-H", "X-Worker: "+name, "--jobs", "64", "--per-host", fmt.Sprint(perHost))
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
				t.Fatalf("waited in vain: %s; %d records", what, recordsSoFar(dir))
			}
		}
	}
	published := func(n uint64) {
		await(fmt.Sprint(n, " tasks are published"), func() bool { return c.stream(t, "specify-jobs").State.LastSeq > n })
	}
	collected := func(n int) {
		await(fmt.Sprint(n, " records are collected"), func() bool { return recordsSoFar(dir) > n })
	}
	killCollector := func(why string) {
		collector.Process.Kill()
		collector.end(t, time.Minute)
		killed("the collector, " + why)
		collector = begin(collect...)
	}

	published(15_000)
	killServer(c.leader(t, "specify-jobs"), "leader of the tasks, while publishing")
	published(40_000)
	killCollector("while publishing")
	collected(tasks * 4 / 10)
	killServer(c.leader(t, "specify-results"), "leader of the records, while consuming")
	collected(tasks * 5 / 10)
	workers[0].Process.Kill()
	workers[0].end(t, time.Minute)
	f.gone("w0")
	killed("a worker")
	collected(tasks * 6 / 10)
	killServer(c.leader(t, "specify-jobs"), "leader of the tasks, while consuming")
	collected(tasks * 7 / 10)
	killCollector("while collecting")
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
