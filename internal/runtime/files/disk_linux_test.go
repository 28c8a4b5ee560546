package files

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// smallDisk returns a file system of 64 KiB; false where mounting is denied.
func smallDisk(t *testing.T) (path string, ok bool) {
	t.Helper()
	path = t.TempDir()
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size=64k"); err != nil {
		t.Logf("mount: %v; TestFileFailures injects the same error", err)
		return "", false
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(path, 0); err != nil { // busy, if a descriptor leaks
			t.Errorf("unmount: %v", err)
		}
	})
	return path, true
}

// A full disk is told as such, once for all outputs, and costs no file that
// is whole. It ends when there is room again.
func TestFullDisk(t *testing.T) {
	path, ok := smallDisk(t)
	if !ok {
		return
	}
	d, err := OpenDir(path, Options{SHA256: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	finished, err := d.Create("finished")
	if err != nil {
		t.Fatal(err)
	}
	write(t, finished, "whole")
	if _, err := finished.Commit(); err != nil {
		t.Fatal(err)
	}
	out, err := d.Create("big")
	if err != nil {
		t.Fatal(err)
	}
	body := strings.Repeat("x", 100<<10)
	n, err := out.Write([]byte(body))
	failure, typed := errors.AsType[*OutputError](err)
	if !typed || !errors.Is(err, syscall.ENOSPC) || !failure.All || n == len(body) {
		t.Errorf("Write = %d, %v", n, err)
	}
	out.Abort()
	if diff := cmp.Diff([]string{"finished"}, tree(t, path)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	next, err := d.Create("next")
	if err != nil {
		t.Fatal(err)
	}
	write(t, next, body[:1000])
	if got, err := next.Commit(); err != nil || got.SHA256 != sumOf(body[:1000]).Hex {
		t.Errorf("Commit = %+v, %v", got, err)
	}
}

// A copy of what was there may find no room: then it is left as it was.
func TestFullDiskResume(t *testing.T) {
	path, ok := smallDisk(t)
	if !ok {
		return
	}
	old := putFile(t, strings.Repeat("x", 40<<10), path, "x")
	out, _, err := Outputs{}.Resume(old)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Write([]byte("y")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Write = %v", err)
	}
	out.Abort()
	if diff := cmp.Diff([]string{"x"}, tree(t, path)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A file system that turns read-only under a transfer.
func TestReadOnlyDisk(t *testing.T) {
	path, ok := smallDisk(t)
	if !ok {
		return
	}
	d, err := OpenDir(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	remount := func(flags uintptr) {
		t.Helper()
		if err := syscall.Mount("", path, "", syscall.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	// A descriptor that is open for writing makes the kernel refuse.
	if err := d.run.file.Close(); err != nil {
		t.Fatal(err)
	}
	remount(syscall.MS_RDONLY)
	_, err = d.Create("x")
	if failure, ok := errors.AsType[*OutputError](err); !ok || !failure.All || !errors.Is(err, syscall.EROFS) {
		t.Errorf("Create = %v", err)
	}
	if _, err := OpenDir(path, Options{}); errorType(err) != "output" || !errors.Is(err, syscall.EROFS) {
		t.Errorf("OpenDir = %v", err)
	}
	remount(0)
	if err := d.root.Close(); err != nil {
		t.Error(err)
	}
}

func TestDevices(t *testing.T) {
	full, err := Outputs{}.File("/dev/full")
	if err != nil {
		t.Fatal(err)
	}
	_, err = full.Write([]byte("x"))
	if failure, ok := errors.AsType[*OutputError](err); !ok || !errors.Is(err, syscall.ENOSPC) || failure.Path != "/dev/full" {
		t.Errorf("Write = %v", err)
	}
	full.Abort()
	null, n, err := Outputs{}.Resume(os.DevNull)
	if err != nil || n != (Kept{}) {
		t.Fatal(n, err)
	}
	write(t, null, "x")
	if got, err := null.Commit(); got != nil || err != nil {
		t.Errorf("Commit = %v, %v", got, err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Fatalf("%s is %v now, %v", os.DevNull, info.Mode(), err)
	}
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o666); err != nil {
		t.Fatal(err)
	}
	read := make(chan string)
	go func() { // ends when the FIFO does
		text, err := readFile(fifo)
		if err != nil {
			t.Error(err)
		}
		read <- text
	}()
	out, err := Outputs{}.File(fifo)
	if err != nil {
		t.Fatal(err)
	}
	write(t, out, "text")
	if _, err := out.Commit(); err != nil {
		t.Error(err)
	}
	if text := <-read; text != "text" {
		t.Errorf("the FIFO gave %q", text)
	}
	d := openDir(t, filepath.Dir(fifo), Options{})
	if _, err := d.Create("fifo"); errorType(err) != "output" { // in a folder of outputs it is in the way
		t.Errorf("Create = %v", err)
	}
}

// A log that the shell has opened stays what it is.
func TestDescriptor(t *testing.T) {
	log := putFile(t, "before ", t.TempDir(), "log")
	f, err := os.OpenFile(log, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out, err := Outputs{}.File(fmt.Sprintf("/dev/fd/%d", f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	write(t, out, "body ")
	if _, err := out.Commit(); err != nil {
		t.Error(err)
	}
	write(t, f, "after")
	wantFile(t, "before body after", log)
}

// A link is followed to where it leads, which may not exist yet.
func TestFileThroughLinks(t *testing.T) {
	dir := t.TempDir()
	target := putFile(t, "before", dir, "there", "target")
	for name, to := range map[string]string{"abs": target, "rel": "there/target", "chain": "rel", "new": "there/new", "loop": "loop"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, leads := range map[string]string{"abs": "target", "rel": "target", "chain": "target", "new": "new"} {
		path := filepath.Join(dir, name)
		out, err := Outputs{}.File(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, out, name)
		if got, err := out.Commit(); err != nil || got.Path != path {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		wantFile(t, name, dir, "there", leads)
		if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s is no link any more: %v, %v", name, info.Mode(), err)
		}
	}
	if _, err := (Outputs{}).File(filepath.Join(dir, "loop")); errorType(err) != "output" {
		t.Errorf("a loop: %v", err)
	}
}

// Permissions are the umask's for a new file, and the old file's otherwise,
// less the umask.
func TestPermissions(t *testing.T) {
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	dir := t.TempDir()
	for name, perm := range map[string]os.FileMode{"new": 0, "private": 0o600, "program": 0o755, "setuid": 0o4755, "readonly": 0o444} {
		path := filepath.Join(dir, name)
		want := os.FileMode(0o640)
		if perm != 0 {
			putFile(t, "", path)
			if err := syscall.Chmod(path, uint32(perm)); err != nil {
				t.Fatal(err)
			}
			want = perm.Perm() &^ 0o027
		}
		out, err := Outputs{}.File(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Commit(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
}

// No descriptor stays open, whichever way an output ends.
func TestDescriptors(t *testing.T) {
	count := func() int {
		t.Helper()
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	dir := t.TempDir()
	use := func(i int) {
		d, err := OpenDir(filepath.Join(dir, "root"), Options{SHA256: true})
		if err != nil {
			t.Fatal(err)
		}
		putFile(t, "old", dir, "root", "resumed"+itoa(i))
		for name, end := range map[string]func(Output){
			"committed": func(out Output) { _, _ = out.Commit() },
			"aborted":   func(out Output) { out.Abort() },
			"wrong":     func(out Output) { out.Expect(sumOf("other")); _, _ = out.Commit() },
			"blocked": func(out Output) {
				putFile(t, "", dir, "root", "blocked"+itoa(i), "x")
				_, _ = out.Commit()
			},
			"resumed": func(out Output) { out.Abort() },
			"whole":   func(out Output) { _, _ = out.Commit() },
		} {
			p, err := d.Claim(name + itoa(i))
			if err != nil {
				t.Fatal(err)
			}
			open := p.Create
			if name == "resumed" || name == "whole" {
				open = func() (Output, error) { out, _, err := p.Resume(); return out, err }
			}
			out, err := open()
			if err != nil {
				t.Fatal(err)
			}
			if name != "whole" {
				write(t, out, "text")
			}
			end(out)
		}
		for _, name := range []string{"../x", "blocked" + itoa(i), "aborted" + itoa(i) + "/x"} {
			if _, err := d.Create(name); err == nil {
				t.Errorf("Create(%q) succeeded", name)
			}
		}
		if _, err := d.Sweep(t.Context()); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	use(0)
	before := count()
	for i := range 20 {
		use(i + 1)
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

// withoutPowers runs fn on a thread that has none of root's powers over files.
func withoutPowers(t *testing.T, dir string, fn func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { // waited for below
		defer close(done)
		if os.Getuid() == 0 {
			const nobody = 65534
			if err := errors.Join(os.Chown(dir, nobody, nobody), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
				t.Error(err)
				return
			}
			runtime.LockOSThread() // for good: the thread ends with the goroutine
			if err := syscall.Setfsuid(nobody); err != nil {
				t.Error(err)
				return
			}
		}
		fn()
	}()
	<-done
}

// A folder that turns read-only is a reason to stop, and is told in one line.
func TestReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	withoutPowers(t, dir, func() {
		chmod := func(perm os.FileMode) {
			if err := os.Chmod(dir, perm); err != nil {
				t.Error(err)
			}
		}
		d, err := OpenDir(dir, Options{})
		if err != nil {
			t.Error(err)
			return
		}
		out, err := d.Create("begun")
		if err != nil {
			t.Error(err)
			return
		}
		chmod(0o555)
		_, createErr := d.Create("next")
		_, commitErr := out.Commit()
		_, openErr := OpenDir(dir, Options{})
		for _, err := range []error{createErr, commitErr} {
			if failure, ok := errors.AsType[*OutputError](err); !ok || !failure.All || !errors.Is(err, syscall.EACCES) {
				t.Errorf("error %v", err)
			}
		}
		for want, err := range map[string]error{
			"output next: permission denied":                          createErr,
			"output begun: renameat .specify-" + d.run.id + "-1.part": commitErr,
			"output " + dir + ": permission denied":                   openErr,
		} {
			if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("message %v, want %s", err, want)
			}
		}
		chmod(0o755)
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}
