//go:build unix

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/specify-cli/specify/internal/runtime/queue"
	"github.com/specify-cli/specify/internal/task"
)

// natsServer starts a server with JetStream in this process, whose queue hands
// over within seconds, and returns its address. change may be nil.
func natsServer(t *testing.T, change func(*server.Options)) (*server.Server, string) {
	t.Helper()
	o := &server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true}
	if change != nil {
		change(o)
	}
	s := startNATS(t, o)
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	address := s.ClientURL()
	if o.Username != "" {
		address = "nats://" + o.Username + ":" + o.Password + "@" + s.Addr().String()
	}
	q, err := queue.Open(t.Context(), queue.Options{
		URL: address, Getenv: func(string) string { return "" }, Warn: t.Logf, Partitions: 16, Lease: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	q.Close()
	return s, address
}

func startNATS(t *testing.T, o *server.Options) *server.Server {
	t.Helper()
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server does not start")
	}
	return s
}

// fleet is a number of origins that see which workers they serve: a worker says
// its name in a header.
type fleet struct {
	origins []*fleetOrigin
	delay   time.Duration
}

type fleetOrigin struct {
	*httptest.Server
	mu      sync.Mutex     // guards what follows
	now     map[string]int // requests in flight, by worker
	most    int            // in flight at once
	overlap int            // requests that came while another worker had one
	times   []time.Time
	seen    map[string]int
}

func newFleet(t *testing.T, origins int, delay time.Duration) *fleet {
	f := &fleet{delay: delay}
	for range origins {
		o := &fleetOrigin{now: map[string]int{}, seen: map[string]int{}}
		o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			o.arrive(r)
			time.Sleep(f.delay)
			o.leave(r)
			if strings.HasPrefix(r.URL.Path, "/missing") {
				http.NotFound(w, r)
				return
			}
			_, _ = io.WriteString(w, "ok") // the client may be gone
		}))
		t.Cleanup(o.Server.Close)
		f.origins = append(f.origins, o)
	}
	return f
}

func (o *fleetOrigin) arrive(r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.times = append(o.times, time.Now())
	o.seen[r.URL.Path]++
	o.now[r.Header.Get("X-Worker")]++
	total, workers := 0, 0
	for _, n := range o.now {
		if n > 0 {
			workers++
		}
		total += n
	}
	o.most = max(o.most, total)
	if workers > 1 {
		o.overlap++
	}
}

func (o *fleetOrigin) leave(r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now[r.Header.Get("X-Worker")]--
}

// gone forgets what a worker that was killed had in flight.
func (f *fleet) gone(name string) {
	for _, o := range f.origins {
		o.mu.Lock()
		o.now[name] = -1 << 20 // its requests end one by one
		o.mu.Unlock()
	}
}

func (f *fleet) url(i int) string {
	return f.origins[i%len(f.origins)].URL + "/" + strconv.Itoa(i)
}

// served reports whether a worker has been seen.
func (f *fleet) served(name string) bool {
	return slices.ContainsFunc(f.origins, func(o *fleetOrigin) bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		_, ok := o.now[name]
		return ok
	})
}

// check fails the test when an origin was with two workers at once, or had more
// in flight than perHost, and returns how many requests there were.
func (f *fleet) check(t *testing.T, perHost int) (requests int) {
	t.Helper()
	for _, o := range f.origins {
		o.mu.Lock()
		requests += len(o.times)
		if o.overlap > 0 || o.most > perHost {
			t.Errorf("%s: %d requests came while another worker had one; %d were in flight at once, with %d allowed", o.URL, o.overlap, o.most, perHost)
		}
		o.mu.Unlock()
	}
	return requests
}

// startWorker launches a worker that says its name to origins.
func startWorker(t *testing.T, dir, address, name string, more ...string) *running {
	t.Helper()
	p := launch(t, dir, append([]string{"worker", "--queue", address, "-H", "X-Worker: " + name, "--jobs", "16", "--per-host", "2"}, more...)...)
	t.Cleanup(func() {
		if p.ProcessState == nil {
			p.Process.Kill()
			_ = p.Wait() // it was killed
		}
	})
	return p
}

// awaitWorkers waits until so many workers are known to the queue, and have had
// the time to know each other.
func awaitWorkers(t *testing.T, address string, n int) {
	t.Helper()
	q, err := queue.Open(t.Context(), queue.Options{URL: address, Getenv: os.Getenv, Warn: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	eventually(t, "all workers are known", func() bool {
		live, err := q.Workers(t.Context())
		return err == nil && len(live) == n
	})
	time.Sleep(time.Second)
}

// A fleet of four, of which one is killed and one told to stop, carries out a
// list: a record a task, and no origin is ever with two workers.
func TestQueueFleet(t *testing.T) {
	tasks := scale(3000, 20_000)
	f := newFleet(t, 20, 4*time.Millisecond)
	_, address := natsServer(t, nil)
	dir := t.TempDir()
	list := writeLines(t, dir, tasks, f.url)
	var workers []*running
	for i := range 4 {
		workers = append(workers, startWorker(t, dir, address, fmt.Sprint("w", i)))
	}
	awaitWorkers(t, address, 4)
	batch := launch(t, dir, "batch", "--file", list, "--queue", address, "--results", "out.ndjson")
	eventually(t, "the run is under way", func() bool { return recordsSoFar(dir) > tasks/10 && f.served("w0") })
	workers[0].Process.Kill()
	workers[0].end(t, time.Minute)
	f.gone("w0")
	eventually(t, "the run goes on", func() bool { return recordsSoFar(dir) > tasks/3 })
	workers[1].Process.Signal(syscall.SIGTERM)
	workers[1].mustEnd(t, 143, time.Minute)
	batch.mustEnd(t, 0, 2*time.Minute)
	t.Logf("%v; %s", batch.took, batch.stderr.String())
	ledger := readLedger(t, filepath.Join(dir, "out.ndjson"))
	ledger.want(t, tasks, tasks, 0)
	if ledger.lines != tasks {
		t.Errorf("%d records for %d tasks", ledger.lines, tasks)
	}
	requests := f.check(t, 2)
	t.Logf("%d requests for %d tasks", requests, tasks)
	if _, err := os.Stat(filepath.Join(dir, "out.ndjson.run")); err == nil {
		t.Error("the name of a run that has ended is still there")
	}
	for _, w := range workers[2:] {
		w.Process.Signal(syscall.SIGTERM)
		w.mustEnd(t, 143, time.Minute)
	}
}

// recordsSoFar is the number of records so far.
func recordsSoFar(dir string) int {
	text, _ := os.ReadFile(filepath.Join(dir, "out.ndjson")) // not there yet: none
	return strings.Count(string(text), "\n")
}

// A collector that is killed at any moment, and run again, has in the end one
// record of each task, the failed ones too, and nothing was fetched twice.
func TestQueueCollectorKilled(t *testing.T) {
	tasks := scale(1500, 20_000)
	f := newFleet(t, 8, 2*time.Millisecond)
	_, address := natsServer(t, nil)
	dir := t.TempDir()
	list := writeLines(t, dir, tasks, func(i int) string {
		if i%10 == 3 {
			return f.origins[i%8].URL + "/missing/" + strconv.Itoa(i)
		}
		return f.url(i)
	})
	args := []string{"batch", "--file", list, "--queue", address, "--results", "out.ndjson", "--resume", "--silent"}
	startWorker(t, dir, address, "w0")
	for kill := range 4 {
		p := launch(t, dir, args...)
		at := kill * tasks / 5
		eventually(t, "some records are there", func() bool { return recordsSoFar(dir) >= at })
		p.Process.Kill()
		p.end(t, time.Minute)
	}
	last := launchAndEnd(t, dir, 1, args...)
	ledger := readLedger(t, filepath.Join(dir, "out.ndjson"))
	ledger.want(t, tasks, tasks-tasks/10, 0)
	if ledger.lines != tasks {
		t.Errorf("%d records for %d tasks; %s", ledger.lines, tasks, last.stderr.String())
	}
	if n := f.check(t, 2); n != tasks {
		t.Errorf("%d requests for %d tasks", n, tasks)
	}
	// What had failed is tried again by a run of its own.
	launchAndEnd(t, dir, 1, args...)
	if n := f.check(t, 2); n != tasks+tasks/10 {
		t.Errorf("%d requests, with %d failed tasks tried once more", n, tasks/10)
	}
}

// What one machine has put on the queue another collects.
func TestQueueDetachAttach(t *testing.T) {
	f := newFleet(t, 3, 0)
	_, address := natsServer(t, nil)
	dir := t.TempDir()
	list := writeLines(t, dir, 100, f.url)
	p := launchAndEnd(t, dir, 0, "batch", "--file", list, "--queue", address, "--detach")
	_, run, _ := strings.Cut(strings.TrimSpace(p.stderr.String()), "--attach ")
	if p.stdout.Len() > 0 || !strings.Contains(p.stderr.String(), "no worker") {
		t.Errorf("stdout %q, stderr %q", p.stdout.String(), p.stderr.String())
	}
	collect := launch(t, dir, "batch", "--queue", address, "--attach", run, "--results", "out.ndjson")
	startWorker(t, dir, address, "w0")
	collect.mustEnd(t, 0, time.Minute)
	readLedger(t, filepath.Join(dir, "out.ndjson")).want(t, 100, 100, 0)
	again := launchAndEnd(t, dir, 2, "batch", "--queue", address, "--attach", run)
	if !strings.Contains(again.stderr.String(), "no run") {
		t.Errorf("a second --attach: %s", again.stderr.String())
	}
}

// One signal: every task has a record, what was not done says so, and a rerun
// collects the rest.
func TestQueueCollectorStopped(t *testing.T) {
	f := newFleet(t, 2, 5*time.Millisecond)
	_, address := natsServer(t, nil)
	dir := t.TempDir()
	list := writeLines(t, dir, 500, f.url)
	startWorker(t, dir, address, "w0")
	args := []string{"batch", "--file", list, "--queue", address, "--results", "out.ndjson", "--resume"}
	p := launch(t, dir, args...)
	eventually(t, "some records are there", func() bool { return recordsSoFar(dir) > 20 })
	p.Process.Signal(syscall.SIGTERM)
	p.mustEnd(t, 143, time.Minute)
	j := readLedger(t, filepath.Join(dir, "out.ndjson"))
	if len(j.newest) != 500 || j.lines != 500 || j.count(task.Unfinished) == 0 {
		t.Fatalf("%d tasks in %d lines, %d unfinished: %s", len(j.newest), j.lines, j.count(task.Unfinished), p.stderr.String())
	}
	launchAndEnd(t, dir, 0, args...)
	readLedger(t, filepath.Join(dir, "out.ndjson")).want(t, 500, 500, 0)
	if n := f.check(t, 2); n != 500 {
		t.Errorf("%d requests for 500 tasks", n)
	}
}

// A rate for an origin holds over all workers.
func TestQueueRate(t *testing.T) {
	f := newFleet(t, 2, 0)
	_, address := natsServer(t, nil)
	dir := t.TempDir()
	list := writeLines(t, dir, 60, f.url)
	for i := range 3 {
		startWorker(t, dir, address, fmt.Sprint("w", i), "--rate-host", "20/s")
	}
	awaitWorkers(t, address, 3)
	launchAndEnd(t, dir, 0, "batch", "--file", list, "--queue", address, "--results", "out.ndjson")
	f.check(t, 2)
	for _, o := range f.origins {
		if took := o.times[len(o.times)-1].Sub(o.times[0]); took < 1300*time.Millisecond {
			t.Errorf("30 requests within %v at 20/s", took)
		}
	}
}
