package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/specify-cli/specify/internal/task"
)

// smallDisk mounts a file system of so many KiB at dir/name and returns what
// changes its size.
func smallDisk(t *testing.T, dir, name string, kib string) (resize func(size string)) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: a full disk takes root, to mount a small one")
	}
	at := filepath.Join(dir, name)
	if err := os.Mkdir(at, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", at, "tmpfs", 0, "size="+kib); err != nil {
		t.Skipf("NOT TESTED: a full disk takes a mount, which is denied here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(at, 0); err != nil {
			t.Error(err)
		}
	})
	return func(size string) {
		if err := syscall.Mount("tmpfs", at, "tmpfs", syscall.MS_REMOUNT, "size="+size); err != nil {
			t.Fatal(err)
		}
	}
}

// readOnly keeps everybody, root too, from making or removing a file in dir
// until the returned function is called.
func readOnly(t *testing.T, dir string) (again func()) {
	t.Helper()
	set := func(on bool) error {
		if os.Geteuid() != 0 {
			mode := os.FileMode(0o755)
			if on {
				mode = 0o555
			}
			return os.Chmod(dir, mode)
		}
		f, err := os.Open(dir)
		if err != nil {
			return err
		}
		defer f.Close()
		flags, err := unix.IoctlGetInt(int(f.Fd()), unix.FS_IOC_GETFLAGS)
		if err != nil {
			return err
		}
		const immutable = 0x10 // FS_IMMUTABLE_FL of linux/fs.h
		if flags &^= immutable; on {
			flags |= immutable
		}
		return unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, flags)
	}
	if err := set(true); err != nil {
		t.Skipf("NOT TESTED: a read-only folder takes, for root, a file system with immutable files: %v", err)
	}
	again = func() {
		if err := set(false); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(again)
	return again
}

// localFailure checks how a run ended that could not write any more: one
// message, status 6, and what is finished intact.
func localFailure(t *testing.T, p *running, tasks int, reason string) {
	t.Helper()
	p.mustEnd(t, 6, time.Minute)
	told := 0
	for line := range strings.Lines(p.stderr.String()) {
		if strings.Contains(line, reason) && !strings.Contains(line, "to go on") {
			told++
		}
	}
	if told != 1 || strings.Count(p.stderr.String(), "FAIL ")+strings.Count(p.stderr.String(), "error: ") != 1 {
		t.Errorf("%d messages of %q; stderr:\n%s", told, reason, clip(p))
	}
	j := readLedger(t, filepath.Join(p.Dir, "out.ndjson"))
	if len(j.newest) != tasks || j.count(task.Failed) > 1 {
		t.Errorf("%d of %d tasks have a record, %d failed", len(j.newest), tasks, j.count(task.Failed))
	}
	t.Logf("%v: %d ok, %d failed, %d unfinished; stderr:\n%s", p.took, j.count(task.OK), j.count(task.Failed), j.count(task.Unfinished), clip(p))
}

// finish resumes the run, and checks that it asks for nothing that is there.
func finish(t *testing.T, src *source, dir string, tasks int, args []string) {
	t.Helper()
	j := readLedger(t, filepath.Join(dir, "out.ndjson"))
	before := src.total()
	launchAndEnd(t, dir, 0, append(args, "--resume")...)
	if asked, missing := src.total()-before, tasks-j.count(task.OK); asked != missing {
		t.Errorf("%d requests for %d tasks that were not done", asked, missing)
	}
	readLedger(t, filepath.Join(dir, "out.ndjson")).want(t, tasks, tasks, 0)
	whole, parts := outputs(t, filepath.Join(dir, "out"))
	if len(whole) != tasks || len(parts) != 0 {
		t.Errorf("%d files for %d tasks, left behind: %q", len(whole), tasks, parts)
	}
	for _, r := range readLedger(t, filepath.Join(dir, "out.ndjson")).newest {
		sameAsSource(t, filepath.Join(dir, "out", r.Output.Path), src.number(t, r.URL))
	}
}

// A full disk stops the run with one message; with room again it goes on.
func TestFullOutputDisk(t *testing.T) {
	const tasks = 2000
	src, dir := newSource(t), t.TempDir()
	resize := smallDisk(t, dir, "out", "256k")
	args := []string{"batch", "--file", writeLines(t, dir, tasks, src.url), "--results", "out.ndjson", "--output-dir", "out"}
	localFailure(t, launch(t, dir, args...), tasks, "no space left on device")
	if _, parts := outputs(t, filepath.Join(dir, "out")); len(parts) != 0 {
		t.Errorf("left behind: %q", parts)
	}
	if asked := src.total(); asked > 300 {
		t.Errorf("%d requests for a disk of 256 KiB", asked)
	}
	resize("100m")
	finish(t, src, dir, tasks, args)
}

// A full disk under the results leaves whole lines, and a run that goes on.
func TestFullResultsDisk(t *testing.T) {
	const tasks = 2000
	src, dir := newSource(t), t.TempDir()
	resize := smallDisk(t, dir, "small", "64k")
	list := writeLines(t, dir, tasks, src.url)
	args := []string{"batch", "--file", list, "--results", "small/out.ndjson", "--resume"}
	p := launchAndEnd(t, dir, 6, args...)
	text := p.stderr.String()
	if strings.Count(text, "\n") != 1 || !strings.Contains(text, "specify: error: write results small/out.ndjson: no space left on device") {
		t.Errorf("stderr:\n%s", text)
	}
	j := readLedger(t, filepath.Join(dir, "small", "out.ndjson"))
	t.Logf("%v: %d records, %d requests; stderr:\n%s", p.took, j.lines, src.total(), text)
	if j.torn != 0 || j.lines < 50 || src.total() > j.lines+300 {
		t.Errorf("%d records, %d torn bytes, %d requests", j.lines, j.torn, src.total())
	}
	resize("100m")
	launchAndEnd(t, dir, 0, args...)
	readLedger(t, filepath.Join(dir, "small", "out.ndjson")).want(t, tasks, tasks, 0)
}

// A folder that turns read-only is like a full disk; one that is read-only
// from the start costs no request.
func TestReadOnlyFolder(t *testing.T) {
	const tasks = 500
	src, dir := newSource(t), t.TempDir()
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{
		"batch", "--file", writeLines(t, dir, tasks, func(i int) string { return fmt.Sprintf("%s f-%d", src.url(i), i) }),
		"--results", "out.ndjson", "--output-dir", "out",
	}
	again := readOnly(t, out)
	localFailure(t, launch(t, dir, args...), tasks, "output")
	if n := src.total(); n != 0 {
		t.Errorf("%d requests for a folder that takes no file", n)
	}
	again()

	src.delay.Store(int64(20 * time.Millisecond))
	p := launch(t, dir, append(args, "--resume")...)
	eventually(t, "some outputs are there", func() bool { return src.total() > 60 })
	again = readOnly(t, out)
	localFailure(t, p, tasks, "output")
	again()
	finish(t, src, dir, tasks, args)
}

// An output whose rename fails is the failure of its task alone.
func TestRenameFails(t *testing.T) {
	const tasks, odd = 200, 70
	src, dir := newSource(t), t.TempDir()
	out := filepath.Join(dir, "out", "f-70")
	inTheWay := func(i int) {
		if i == odd {
			if err := os.MkdirAll(out, 0o755); err != nil {
				t.Error(err)
			}
		}
	}
	src.before.Store(&inTheWay)
	args := []string{
		"batch", "--file", writeLines(t, dir, tasks, func(i int) string { return fmt.Sprintf("%s f-%d", src.url(i), i) }),
		"--results", "out.ndjson", "--output-dir", "out",
	}
	p := launchAndEnd(t, dir, 6, args...)
	j := readLedger(t, filepath.Join(dir, "out.ndjson"))
	j.want(t, tasks, tasks-1, 0)
	for _, r := range j.newest {
		if r.Outcome == task.Failed && (src.number(t, r.URL) != odd || r.Error.Type != task.ErrOutput) {
			t.Errorf("%s failed with %+v", r.URL, r.Error)
		}
	}
	if _, parts := outputs(t, filepath.Join(dir, "out")); len(parts) != 0 {
		t.Errorf("left behind: %q", parts)
	}
	t.Logf("stderr:\n%s", p.stderr.String())
	src.before.Store(nil)
	if err := os.Remove(out); err != nil {
		t.Fatal(err)
	}
	finish(t, src, dir, tasks, args)
}

// What cannot be written to standard output is status 6.
func TestFullStdout(t *testing.T) {
	src := newSource(t)
	for _, args := range [][]string{{"batch", src.url(1), src.url(2)}, {"fetch", src.url(1)}} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer full.Close()
		p := prepared(t, t.TempDir(), args...)
		p.Stdout = full
		p.launch(t)
		p.mustEnd(t, 6, time.Minute)
		text := p.stderr.String()
		if !strings.Contains(text, "no space left on device") || strings.Count(text, "\n") != 1 {
			t.Errorf("%v: stderr:\n%s", args, text)
		}
	}
}
