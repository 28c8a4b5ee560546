//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// running is the program running in a process of its own.
type running struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
	began          time.Time
	took           time.Duration // set by end
}

// prepared returns the program, not yet started, as "specify args" in dir.
func prepared(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	p := &running{Cmd: exec.CommandContext(t.Context(), os.Args[0], args...)}
	p.Args[0] = "specify" // TestMain goes by it
	p.Dir = dir
	p.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, hasty}
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	return p
}

func launch(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	p := prepared(t, dir, args...)
	p.launch(t)
	return p
}

func (p *running) launch(t *testing.T) {
	t.Helper()
	p.began = time.Now()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
}

// end waits for the program and returns its exit status, -1 if a signal ended
// it. One that does not end in time fails the test.
func (p *running) end(t *testing.T, within time.Duration) int {
	t.Helper()
	late := time.AfterFunc(within, func() { p.Process.Kill() })
	err := p.Wait()
	p.took = time.Since(p.began)
	if !late.Stop() {
		t.Fatalf("%v did not end within %v; stderr: %s", p.Args, within, clip(p))
	}
	if p.ProcessState == nil {
		t.Fatal(err)
	}
	return p.ProcessState.ExitCode()
}

// clip is the beginning of what the program wrote to standard error.
func clip(p *running) string {
	text := p.stderr.String()
	return text[:min(len(text), 1500)]
}

// mustEnd is end with the exit status that is right.
func (p *running) mustEnd(t *testing.T, status int, within time.Duration) {
	t.Helper()
	if got := p.end(t, within); got != status {
		t.Fatalf("%v: exit status %d, want %d; stderr: %s", p.Args, got, status, clip(p))
	}
}

func (p *running) cpu() time.Duration {
	return p.ProcessState.UserTime() + p.ProcessState.SystemTime()
}

// peak is the largest resident set in MiB.
func (p *running) peak() int64 {
	return int64(p.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) >> 10 // KiB on Linux
}

func (p *running) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatalf("%v: %v; stderr: %s", s, err, p.stderr.String())
	}
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for until := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// ledger is a results file as a resumed run must understand it: whole lines
// only, the newest record of each task.
type ledger struct {
	lines  int
	torn   int // bytes behind the last newline
	newest map[string]task.Record
}

func readLedger(t *testing.T, name string) ledger {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	end := bytes.LastIndexByte(text, '\n') + 1
	j := ledger{torn: len(text) - end, newest: make(map[string]task.Record)}
	for line := range bytes.Lines(text[:end]) {
		j.lines++
		var r task.Record
		if err := r.UnmarshalJSON(line); err != nil {
			t.Fatalf("%s:%d: %v: %q", name, j.lines, err, line)
		}
		j.newest[r.ID] = r
	}
	return j
}

func (j ledger) count(o task.Outcome) (n int) {
	for _, r := range j.newest {
		if r.Outcome == o {
			n++
		}
	}
	return n
}

// want fails the test unless there are records of so many tasks, so many ok and
// unfinished, and the others failed.
func (j ledger) want(t *testing.T, tasks, ok, unfinished int) {
	t.Helper()
	if len(j.newest) != tasks || j.count(task.OK) != ok || j.count(task.Unfinished) != unfinished || j.torn != 0 {
		t.Fatalf("records of %d tasks (%d ok, %d unfinished, %d failed, %d torn bytes); want %d (%d ok, %d unfinished)",
			len(j.newest), j.count(task.OK), j.count(task.Unfinished), j.count(task.Failed), j.torn, tasks, ok, unfinished)
	}
}

// writeLines writes n lines to a file and returns its name.
func writeLines(t *testing.T, dir string, n int, line func(i int) string) string {
	t.Helper()
	name := filepath.Join(dir, "list.txt")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	b := bufio.NewWriter(file)
	for i := range n {
		fmt.Fprintln(b, line(i))
	}
	if err := errors.Join(b.Flush(), file.Close()); err != nil {
		t.Fatal(err)
	}
	return name
}
