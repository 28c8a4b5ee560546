//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/task"
)

// head is a source whose task 0 does not answer before open is called, and that
// knows when each request came.
type head struct {
	*source
	open func()

	mu    sync.Mutex // guards order
	order []int      // the numbers of the requests, as they came
}

func newHead(t *testing.T) *head {
	opened := make(chan struct{})
	h := &head{source: newSource(t), open: sync.OnceFunc(func() { close(opened) })}
	t.Cleanup(h.open) // before the server's Close, which waits for its answers
	before := func(i int) {
		h.mu.Lock()
		h.order = append(h.order, i)
		h.mu.Unlock()
		if i == 0 {
			<-opened
		}
	}
	h.before.Store(&before)
	return h
}

// place is when the request i came, from 0, and -1 if it did not.
func (h *head) place(i int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	for at, n := range h.order {
		if n == i {
			return at
		}
	}
	return -1
}

// written are the records of a file in the order in which they stand there.
func written(t *testing.T, name string) []task.Record {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var all []task.Record
	for line := range strings.Lines(string(text)) {
		var r task.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, r)
	}
	return all
}

// mustAscend fails the test unless records are n in the order of the input.
func mustAscend(t *testing.T, all []task.Record, n int) {
	t.Helper()
	for i, r := range all[:min(len(all), n)] {
		if r.Seq != int64(i) {
			t.Fatalf("record %d is of task %d", i, r.Seq)
		}
	}
	if len(all) != n {
		t.Fatalf("%d records, want %d", len(all), n)
	}
}

// While the first line takes its time, those behind it run as far as the
// look-ahead window reaches, urgent ones first, and wait for their turn in the
// results.
func TestOrderedBehindSlowHead(t *testing.T) {
	const urgent = ops.Window - 100
	h := newHead(t)
	dir := t.TempDir()
	tasks := scale(12_000, 20_001)
	list := writeLines(t, dir, tasks, func(i int) string {
		if i == urgent {
			return fmt.Sprintf(`{"url":%q,"priority":"critical"}`, h.url(i))
		}
		return h.url(i)
	})
	began := time.Now()
	p := launch(t, dir, "batch", "--file", list, "--ordered", "--results", "out.ndjson", "--read-timeout", "2m")
	peak := highWater(p)
	eventually(t, "all that the window has room for", func() bool { return h.total() == ops.Window })
	time.Sleep(max(300*time.Millisecond, scale(0, 5*time.Second-time.Since(began))))
	if n := h.total(); n != ops.Window {
		t.Errorf("%d requests while the first was not answered, want %d", n, ops.Window)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "out.ndjson")); err != nil || len(text) > 0 {
		t.Errorf("records before the first: %.200s, %v", text, err)
	}
	if at := h.place(urgent); at > ops.Window/2 {
		t.Errorf("the urgent task %d was the request %d", urgent, at)
	}
	h.open()
	p.mustEnd(t, 0, time.Minute)
	mustAscend(t, written(t, filepath.Join(dir, "out.ndjson")), tasks)
	most := peak()
	t.Logf("%d tasks in %v, the urgent one as request %d, %d MiB", tasks, p.took.Round(time.Millisecond), h.place(urgent), most)
	if limit := map[bool]int64{false: 100, true: 600}[raced]; most > limit {
		t.Errorf("%d MiB at its peak, more than %d", most, limit)
	}
}

// A signal ends an ordered run like any other: one record a task, in order,
// lines that cannot be used and unfinished tasks among them. What goes on with
// it is in order too.
func TestOrderedSignal(t *testing.T) {
	const tasks = 12_000
	h := newHead(t)
	dir := t.TempDir()
	list := writeLines(t, dir, tasks, func(i int) string {
		if i%1000 == 7 {
			return "nothing to fetch"
		}
		return h.url(i)
	})
	args := []string{"batch", "--file", list, "--ordered", "--skip-invalid", "--results", "out.ndjson", "--silent", "--jobs", "4"}
	p := launch(t, dir, args...)
	eventually(t, "some have ended", func() bool { return h.total() > 300 })
	p.signal(t, syscall.SIGINT)
	time.Sleep(100 * time.Millisecond)
	h.open()
	p.mustEnd(t, 130, 20*time.Second)
	all := written(t, filepath.Join(dir, "out.ndjson"))
	mustAscend(t, all, tasks)
	count := outcomes(all)
	t.Log(count)
	if all[0].Outcome != task.OK || count[task.Failed] != tasks/1000 || count[task.Unfinished] < tasks/2 {
		t.Errorf("the first is %s; %v", all[0].Outcome, count)
	}

	const left = 2_000 // of the list, for it may be edited
	text, err := os.ReadFile(list)
	if err == nil {
		err = os.WriteFile(list, []byte(strings.Join(strings.SplitAfter(string(text), "\n")[:left], "")), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	launchAndEnd(t, dir, 1, append(args, "--resume")...)
	rest := written(t, filepath.Join(dir, "out.ndjson"))[tasks:]
	if want := left - outcomes(all[:left])[task.OK]; len(rest) != want {
		t.Fatalf("going on: %d records, want %d", len(rest), want)
	}
	for i := range rest[1:] {
		if rest[i].Seq >= rest[i+1].Seq {
			t.Fatalf("task %d stands before %d", rest[i].Seq, rest[i+1].Seq)
		}
	}
}

// A failure behind a slow task ends the run when it happens, not when its
// record's turn comes.
func TestOrderedFailEarly(t *testing.T) {
	const tasks, failing = 12_000, 100
	h := newHead(t)
	dir := t.TempDir()
	list := writeLines(t, dir, tasks, func(i int) string {
		if i == failing {
			return h.URL + "/missing"
		}
		return h.url(i)
	})
	p := launch(t, dir, "batch", "--file", list, "--ordered", "--fail-early", "--results", "out.ndjson", "--silent", "--jobs", "4")
	last := 0
	eventually(t, "no more requests come", func() bool {
		before := last
		time.Sleep(200 * time.Millisecond)
		last = h.total()
		return last > failing/2 && last == before
	})
	h.open()
	p.mustEnd(t, 1, 20*time.Second)
	all := written(t, filepath.Join(dir, "out.ndjson"))
	mustAscend(t, all, tasks)
	count := outcomes(all)
	t.Log(count)
	if all[0].Outcome != task.OK || all[failing].Outcome != task.Failed || count[task.Unfinished] < tasks/2 {
		t.Errorf("the first is %s, the one that fails %s; %v", all[0].Outcome, all[failing].Outcome, count)
	}
}

func outcomes(all []task.Record) map[task.Outcome]int {
	count := make(map[task.Outcome]int)
	for _, r := range all {
		count[r.Outcome]++
	}
	return count
}
