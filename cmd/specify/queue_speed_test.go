//go:build unix

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestQueueSpeed is "make bench-queue": what more workers bring where each
// response takes its time, and what a queue costs where none does. It prints
// tables, and fails when records are missing or four workers do less than 85 %
// of four times what one does.
func TestQueueSpeed(t *testing.T) {
	if os.Getenv("SPECIFY_BENCH_QUEUE") == "" {
		t.Skip(`"make bench-queue" runs it`)
	}
	program := built(t, ".", "specify")
	t.Run("workers", func(t *testing.T) { speedOfWorkers(t, program) })
	t.Run("cost", func(t *testing.T) { costOfQueue(t, program) })
}

// speedOfWorkers has each worker do the same amount of work: 20 s of its 100
// slots, at 100 ms a response.
func speedOfWorkers(t *testing.T, program string) {
	const slots, share = 100, 20_000
	var table strings.Builder
	fmt.Fprintf(&table, "\n%7s %8s %8s %10s %8s\n", "workers", "tasks", "wall", "tasks/s", "linear")
	var one float64
	for _, n := range []int{1, 2, 4} {
		c := startCluster(t, 1)
		f := newFleet(t, 800, 100*time.Millisecond)
		dir := t.TempDir()
		list := writeLines(t, dir, n*share, f.url)
		for i := range n {
			launchBuilt(t, program, dir, "worker", "--queue", c.address(), "-H", fmt.Sprint("X-Worker: w", i), "--jobs", fmt.Sprint(slots), "--silent")
		}
		awaitWorkers(t, c.address(), n)
		time.Sleep(8 * time.Second) // two beats, until each has its part
		p := launchBuilt(t, program, dir, "batch", "--file", list, "--queue", c.address(), "--results", "out.ndjson", "--silent")
		p.mustEnd(t, 0, 5*time.Minute)
		readLedger(t, filepath.Join(dir, "out.ndjson")).want(t, n*share, n*share, 0)
		f.check(t, 6)
		rate := float64(n*share) / p.took.Seconds()
		if n == 1 {
			one = rate
		}
		fmt.Fprintf(&table, "%7d %8d %7.1fs %10.0f %7.0f%%\n", n, n*share, p.took.Seconds(), rate, 100*rate/one/float64(n))
		if rate < 0.85*one*float64(n) {
			t.Errorf("%d workers do %.0f tasks/s, and one does %.0f", n, rate, one)
		}
		c.stop()
	}
	t.Log(table.String())
}

// costOfQueue compares a list here with the same list over one server and over
// three, with one worker.
func costOfQueue(t *testing.T, program string) {
	const tasks = 50_000
	var table strings.Builder
	fmt.Fprintf(&table, "\n%-14s %8s %12s %12s %12s %12s\n", "", "wall", "batch", "worker", "servers", "CPU a task")
	row := func(name string, wall, batch, worker, servers time.Duration) {
		fmt.Fprintf(&table, "%-14s %7.1fs", name, wall.Seconds())
		for _, d := range []time.Duration{batch, worker, servers, batch + worker + servers} {
			fmt.Fprintf(&table, " %9.0f µs", float64(d.Microseconds())/tasks)
		}
		table.WriteString("\n")
	}
	target := newFleet(t, 100, 0)
	for _, o := range target.origins { // as little of the processor as there can be
		o.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	}
	for _, servers := range []int{0, 1, 3} {
		dir := t.TempDir()
		args := []string{"batch", "--file", writeLines(t, dir, tasks, target.url), "--results", "out.ndjson", "--silent"}
		if servers == 0 {
			p := launchBuilt(t, program, dir, append(args, "--jobs", "100")...)
			p.mustEnd(t, 0, 5*time.Minute)
			row("without queue", p.took, p.cpu(), 0, 0)
			continue
		}
		c := startCluster(t, servers)
		w := launchBuilt(t, program, dir, "worker", "--queue", c.address(), "--jobs", "100", "--silent")
		awaitWorkers(t, c.address(), 1)
		p := launchBuilt(t, program, dir, append(args, "--queue", c.address())...)
		p.mustEnd(t, 0, 5*time.Minute)
		readLedger(t, filepath.Join(dir, "out.ndjson")).want(t, tasks, tasks, 0)
		w.signal(t, syscall.SIGTERM)
		w.mustEnd(t, 143, time.Minute)
		row(fmt.Sprint(servers, " server(s)"), p.took, p.cpu(), w.cpu(), c.stop())
	}
	t.Log(table.String())
}
