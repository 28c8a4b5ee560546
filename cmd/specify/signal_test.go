//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/task"
)

// A signal at any moment of 500 slow tasks: the right exit status within six
// seconds, a record of each task, and a run that can be gone on with.
func TestStoppedBySignal(t *testing.T) {
	const tasks = 500
	for _, c := range []struct {
		signal syscall.Signal
		status int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}, {syscall.SIGHUP, 143}} {
		for range scale(1, 10) {
			t.Run(c.signal.String(), func(t *testing.T) {
				t.Parallel()
				server := serve(t, 0)
				dir := t.TempDir()
				writeLines(t, dir, tasks, func(i int) string { return server.URL(faultserver.Plain, fmt.Sprintf("/slow/300?%d", i)) })
				args := []string{"batch", "--file", "list.txt", "--results", "r.ndjson", "--jobs", "50", "--per-host", "50"}
				p := launch(t, dir, args...)
				results := filepath.Join(dir, "r.ndjson")
				eventually(t, "the first record", func() bool { info, err := os.Stat(results); return err == nil && info.Size() > 0 })
				time.Sleep(rand.N(time.Second))
				sent := time.Now()
				p.signal(t, c.signal)
				p.mustEnd(t, c.status, 10*time.Second)
				if took := time.Since(sent); took > 6*time.Second {
					t.Errorf("ended %v after the signal", took)
				}
				stopped := readLedger(t, results)
				t.Logf("ended %v after %v: %d ok, %d unfinished", time.Since(sent).Round(time.Millisecond), c.signal, stopped.count(task.OK), stopped.count(task.Unfinished))
				if n := stopped.count(task.OK) + stopped.count(task.Unfinished); n != tasks {
					t.Errorf("%d records are ok or unfinished, want %d", n, tasks)
				}
				before := stopped.count(task.OK)
				p = launch(t, dir, append(args, "--resume")...)
				p.mustEnd(t, 0, time.Minute)
				if want := fmt.Sprintf("%d were done before", before); before > 0 && !strings.Contains(p.stderr.String(), want) {
					t.Errorf("want %q in %s", want, clip(p))
				}
				if n := readLedger(t, results).count(task.OK); n != tasks {
					t.Errorf("%d of %d ok in the end", n, tasks)
				}
			})
		}
	}
}

// A second signal ends the process at once, though an attempt hangs.
func TestSecondSignal(t *testing.T) {
	server := serve(t, 0)
	p := launch(t, t.TempDir(), "fetch", server.URL(faultserver.Silent, "/"))
	time.Sleep(500 * time.Millisecond)
	p.signal(t, syscall.SIGINT)
	time.Sleep(200 * time.Millisecond)
	second := time.Now()
	p.signal(t, syscall.SIGINT)
	p.mustEnd(t, 130, 10*time.Second)
	if took := time.Since(second); took > time.Second {
		t.Errorf("ended %v after the second signal", took)
	}
}

// At the deadline the critical tasks are done, the rest is unfinished.
func TestDeadlineWithPriorities(t *testing.T) {
	server := serve(t, 0)
	dir := t.TempDir()
	const tasks, critical = 2000, 40
	writeLines(t, dir, tasks, func(i int) string {
		priority := "background"
		if i%(tasks/critical) == 7 {
			priority = "critical"
		}
		return fmt.Sprintf(`{"url":%q,"priority":%q,"meta":%q}`, server.URL(faultserver.Plain, fmt.Sprintf("/slow/50?%d", i)), priority, priority)
	})
	p := launch(t, dir, "batch", "--file", "list.txt", "--results", "r.ndjson", "--jobs", "6", "--deadline", scale("2s", "5s"))
	p.mustEnd(t, 5, time.Minute)
	if !strings.Contains(p.stderr.String(), "specify: to go on: specify batch --file list.txt --results r.ndjson --resume") {
		t.Errorf("no way to go on in %s", clip(p))
	}
	done, left := 0, 0
	for _, r := range readRecords(t, filepath.Join(dir, "r.ndjson"), tasks) {
		switch {
		case r.Outcome == task.Unfinished && bytes.Contains(r.Meta, []byte("critical")):
			t.Errorf("task %d is critical and unfinished", r.Seq)
		case r.Outcome == task.Unfinished:
			left++
		case r.Outcome == task.OK:
			done++
		}
	}
	t.Logf("%d done, %d unfinished after %v", done, left, p.took)
	if done+left != tasks || left == 0 {
		t.Errorf("%d done and %d left of %d", done, left, tasks)
	}
}

// A paused process goes on as if nothing had been.
func TestPausedAndContinued(t *testing.T) {
	server := serve(t, 0)
	dir := t.TempDir()
	writeLines(t, dir, 100, func(i int) string { return server.URL(faultserver.Plain, fmt.Sprintf("/slow/100?%d", i)) })
	p := launch(t, dir, "batch", "--file", "list.txt", "--results", "r.ndjson")
	time.Sleep(300 * time.Millisecond)
	p.signal(t, syscall.SIGTSTP)
	time.Sleep(time.Second)
	p.signal(t, syscall.SIGCONT)
	p.mustEnd(t, 0, time.Minute)
	if n := readLedger(t, filepath.Join(dir, "r.ndjson")).count(task.OK); n != 100 {
		t.Errorf("%d of 100 ok", n)
	}
}

// Going on with a long file of results costs little before the first request.
func TestResumeIsCheap(t *testing.T) {
	tasks := scale(100_000, 1_000_000)
	dir := t.TempDir()
	url := func(i int) string { return fmt.Sprintf("http://127.0.0.1:9/%d", i) }
	writeLines(t, dir, tasks, url)
	file, err := os.Create(filepath.Join(dir, "r.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	results := bufio.NewWriter(file) // what this process holds in memory counts as the child's until its exec
	var line []byte
	for i := range tasks {
		tk := &task.Task{Seq: int64(i), URLs: []string{url(i)}}
		tk.ID = task.ContentID(tk)
		rec := task.NewRecord(tk)
		rec.Outcome, rec.Status, rec.Attempts, rec.Protocol, rec.ContentType = task.OK, 200, 1, "HTTP/1.1", "text/plain"
		line = rec.Append(line[:0])
		results.Write(append(line, '\n'))
	}
	if err := errors.Join(results.Flush(), file.Close()); err != nil {
		t.Fatal(err)
	}
	p := launch(t, dir, "batch", "--file", "list.txt", "--results", "r.ndjson", "--resume")
	p.mustEnd(t, 0, time.Minute)
	t.Logf("%d records: %v, %v of CPU, %d MiB", tasks, p.took.Round(time.Millisecond), p.cpu(), p.peak())
	if !strings.Contains(p.stderr.String(), fmt.Sprintf("%d were done before", tasks)) {
		t.Error(clip(p))
	}
	if limit := map[bool]int64{false: 200, true: 1000}[raced]; p.peak() > limit {
		t.Errorf("%d MiB at its peak, more than %d", p.peak(), limit)
	}
}
