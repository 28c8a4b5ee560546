package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// underStrace returns the program, not yet started, under strace with its options:
// what they inject is what the kernel seems to answer.
func underStrace(t *testing.T, dir string, options []string, args ...string) *running {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("NOT TESTED: system calls that fail take strace: install the package strace")
	}
	if out, err := exec.Command(strace, "-qq", "-o", os.DevNull, "-e", "inject=fsync:error=EIO", "true").CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: strace may not trace here: %v: %s", err, out)
	}
	program := filepath.Join(dir, "specify") // TestMain goes by the name, which strace cannot set otherwise
	if err := os.Symlink(os.Args[0], program); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
	p := prepared(t, dir)
	p.Path = strace
	p.Args = append(append([]string{"strace", "-f", "-qq", "-o", "calls"}, options...), append([]string{program}, args...)...)
	p.Env = append(p.Env, hasty)
	return p
}

// A results file that a sync or a write fails on ends the run with one message
// and status 6. What it holds is true, and the run can be gone on with.
func TestInjectedResultsFailures(t *testing.T) {
	const tasks = 300
	for _, c := range []struct{ name, inject, reason string }{
		{"EIO at the first sync", "fsync,fdatasync:error=EIO:when=1", "input/output error"},
		{"ENOSPC at the first write", "write,pwrite64:error=ENOSPC:when=1+", "no space left on device"},
		{"ENOSPC at a later write", "write,pwrite64:error=ENOSPC:when=20+", "no space left on device"},
		{"EIO at one write", "write,pwrite64:error=EIO:when=20", "input/output error"},
	} { // strace counts the calls of each thread for itself
		t.Run(c.name, func(t *testing.T) {
			src, dir := newSource(t), t.TempDir()
			src.delay.Store(int64(40 * time.Millisecond)) // so that there is more than one sync
			mustWrite(t, dir, nil)                        // strace wants the path that it is to watch
			args := []string{
				"batch", "--file", writeLines(t, dir, tasks, func(i int) string { return fmt.Sprintf("%s f-%d", src.url(i), i) }),
				"--results", "out.ndjson", "--output-dir", "out", "--jobs", "4",
			}
			p := underStrace(t, dir, []string{"-P", "out.ndjson", "-e", "inject=" + c.inject}, args...)
			p.launch(t)
			p.mustEnd(t, 6, time.Minute)
			text := p.stderr.String()
			if want := "specify: error: "; strings.Count(text, want) != 1 || strings.Count(text, c.reason) != 1 || strings.Contains(text, "FAIL") {
				t.Errorf("stderr:\n%s", text)
			}
			j := readLedger(t, filepath.Join(dir, "out.ndjson"))
			for _, r := range j.newest {
				if r.Outcome == task.OK {
					sameAsSource(t, filepath.Join(dir, "out", r.Output.Path), src.number(t, r.URL))
				}
			}
			t.Logf("%v: %d records, %d requests; stderr:\n%s", p.took.Round(time.Millisecond), j.lines, src.total(), text)
			src.delay.Store(0)
			finish(t, src, dir, tasks, args)
		})
	}
}

// Outputs that cannot be created, written or renamed are failures of ours: one
// message and status 6 where the next would fail as well, and never a file that
// is not whole.
func TestInjectedOutputFailures(t *testing.T) {
	const tasks = 300
	for _, c := range []struct{ name, inject, reason string }{
		{"ENOSPC at a write", "pwrite64:error=ENOSPC:when=10+", "no space left on device"},
		{"EIO at a write", "pwrite64:error=EIO:when=10+", "input/output error"},
		{"EIO at a rename", "renameat,renameat2:error=EIO:when=10+", "input/output error"},
		{"ENOSPC at a rename", "renameat,renameat2:error=ENOSPC:when=10+", "no space left on device"},
		{"EROFS at a rename", "renameat,renameat2:error=EROFS:when=10+", "read-only file system"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src, dir := newSource(t), t.TempDir()
			args := []string{
				"batch", "--file", writeLines(t, dir, tasks, func(i int) string { return fmt.Sprintf("%s f-%d", src.url(i), i) }),
				"--results", "out.ndjson", "--output-dir", "out",
			}
			p := underStrace(t, dir, []string{"-e", "inject=" + c.inject}, args...)
			p.launch(t)
			localFailure(t, p, tasks, c.reason)
			finish(t, src, dir, tasks, args)
		})
	}
}

// A file that may not grow any more takes a part of a write(2), which is what a
// short write is, and then none: outputs and results alike are never half there.
func TestShortWrites(t *testing.T) {
	const tasks, blocks = 200, 16 // of 512 bytes, so that bodies of more than 8 KiB are too long
	src, dir := newSource(t), t.TempDir()
	list := writeLines(t, dir, tasks, func(i int) string { return fmt.Sprintf("%s f-%d", src.url(i), i) })
	if err := os.Symlink(os.Args[0], filepath.Join(dir, "specify")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
	}{
		{"outputs", []string{"--output-dir", "out"}},
		{"results", []string{"--results", "out.ndjson"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := prepared(t, dir)
			p.Path = "/bin/sh"
			p.Args = append([]string{"sh", "-c", fmt.Sprintf(`ulimit -f %d && exec ./specify "$@"`, blocks), "sh", "batch", "--file", list}, c.args...)
			p.Env = append(p.Env, hasty)
			p.launch(t)
			p.mustEnd(t, 6, time.Minute)
			if n := strings.Count(p.stderr.String(), "file too large"); n == 0 {
				t.Errorf("stderr:\n%s", clip(p))
			}
			if c.name == "results" {
				j := readLedger(t, filepath.Join(dir, "out.ndjson"))
				t.Logf("%d records, %d bytes of a torn one", j.lines, j.torn)
				if j.torn != 0 || j.lines == 0 {
					t.Errorf("%d records, %d torn bytes", j.lines, j.torn)
				}
				finishArgs := append([]string{"batch", "--file", list}, c.args...)
				launchAndEnd(t, dir, 0, append(finishArgs, "--resume")...)
				readLedger(t, filepath.Join(dir, "out.ndjson")).want(t, tasks, tasks, 0)
				return
			}
			whole, parts := outputs(t, filepath.Join(dir, "out"))
			for _, name := range whole {
				var i int
				if _, err := fmt.Sscanf(filepath.Base(name), "f-%d", &i); err != nil {
					t.Fatal(err)
				}
				sameAsSource(t, name, i)
			}
			t.Logf("%d whole outputs; stderr:\n%s", len(whole), clip(p))
			if len(parts) != 0 || len(whole) == 0 {
				t.Errorf("%d whole outputs, left behind: %q", len(whole), parts)
			}
		})
	}
}

// A lack of file descriptors that comes and goes costs time and no task.
func TestInjectedLackOfDescriptors(t *testing.T) {
	const tasks = 200
	for _, c := range []struct{ name, inject string }{
		{"sockets", "socket:error=EMFILE:when=5+3"},
		{"sockets, of the whole system", "socket:error=ENFILE:when=5+3"},
		{"files", "openat:error=EMFILE:when=40+7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src, dir := newSource(t), t.TempDir()
			// A connection a request, so that there is a socket to be had for each.
			hop := func(i int) string { return fmt.Sprintf("%s f-%d", src.url(i), i) }
			args := []string{"batch", "--file", writeLines(t, dir, tasks, hop), "--results", "out.ndjson", "--output-dir", "out", "-H", "Connection: close"}
			p := underStrace(t, dir, []string{"-e", "inject=" + c.inject}, args...)
			p.launch(t)
			p.mustEnd(t, 0, time.Minute)
			calls, err := os.ReadFile(filepath.Join(dir, "calls"))
			if err != nil {
				t.Fatal(err)
			}
			injected := strings.Count(string(calls), "(INJECTED)")
			t.Logf("%d calls failed, %d requests, %v; stderr:\n%s", injected, src.total(), p.took.Round(time.Millisecond), clip(p))
			if injected == 0 || src.total() != tasks { // how many depends on how the calls fall on threads
				t.Errorf("%d calls failed, %d requests for %d tasks", injected, src.total(), tasks)
			}
			readLedger(t, filepath.Join(dir, "out.ndjson")).want(t, tasks, tasks, 0)
		})
	}
}
