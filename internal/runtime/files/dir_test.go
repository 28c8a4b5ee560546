package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/specify-cli/specify/internal/task"
)

func TestDir(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder")
	d := openDir(t, path, Options{SHA256: true})
	out, err := d.Create("./a/b//c.txt")
	if err != nil {
		t.Fatal(err)
	}
	write(t, out, "text")
	if got := tree(t, path); len(got) != 1 || !strings.HasPrefix(got[0], "a/b/.specify-") || !strings.HasSuffix(got[0], ".part") {
		t.Errorf("while it is written: %q", got)
	}
	got, err := out.Commit()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&task.Output{Path: "a/b/c.txt", Bytes: 4, SHA256: sumOf("text").Hex}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	wantFile(t, "text", path, "a/b/c.txt")
	if size, err := d.Size("a/b/c.txt"); size != 4 || err != nil {
		t.Errorf("Size = %d, %v", size, err)
	}
	for name, want := range map[string]string{"a/b": "output", "missing": "output", "../x": "input"} {
		if _, err := d.Size(name); errorType(err) != want {
			t.Errorf("Size(%q): %v", name, err)
		}
	}
	aborted, err := d.Create("a/d")
	if err != nil {
		t.Fatal(err)
	}
	write(t, aborted, "text")
	aborted.Abort()
	if diff := cmp.Diff([]string{"a/b/c.txt"}, tree(t, path)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// After Close nothing is left but outputs.
func TestDirLeavesNothing(t *testing.T) {
	path := t.TempDir()
	d, err := OpenDir(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(path); err != nil || len(entries) != 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

func TestOpenDirErrors(t *testing.T) {
	file := putFile(t, "", t.TempDir(), "file")
	for _, path := range []string{file, filepath.Join(file, "x"), ""} {
		if _, err := OpenDir(path, Options{}); errorType(err) != "output" {
			t.Errorf("OpenDir(%q): %v", path, err)
		}
	}
}

// Nothing is written, or even made, outside: the folder's neighbours stay as
// they are whatever is asked for.
func TestDirHostile(t *testing.T) {
	base := t.TempDir()
	outside := filepath.Join(base, "outside")
	secret := putFile(t, "secret", outside, "secret")
	path := filepath.Join(base, "root")
	for name, target := range map[string]string{
		"absdir": outside, "reldir": "../outside", "absfile": secret, "relfile": "../outside/secret",
		"newabs": filepath.Join(outside, "new"), "newrel": "../outside/new", "up": "..", "chain": "reldir", "loop": "loop",
		"self": ".", "sub/up2": "../..", "sub/hop": "../sub/../../outside",
	} {
		link := filepath.Join(path, name)
		if err := os.MkdirAll(filepath.Dir(link), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	putFile(t, "", path, "file")
	if err := os.MkdirAll(filepath.Join(path, "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	d := openDir(t, path, Options{})
	before := tree(t, base)
	for _, tt := range []struct{ name, want string }{
		{"../x", "input"}, {"/etc/x", "input"}, {outside + "/x", "input"}, {"a/../../x", "input"}, {"", "input"}, {"a\x00", "input"},
		{"absdir/x", "output"}, {"absdir/new/x", "output"}, {"reldir/x", "output"}, {"reldir/new/deep/x", "output"}, {"chain/x", "output"},
		{"up/outside/x", "output"}, {"up/x", "output"}, {"sub/up2/x", "output"}, {"sub/hop/x", "output"}, {"self/reldir/x", "output"},
		{"absfile", "output"}, {"relfile", "output"}, {"newabs", "output"}, {"newrel", "output"}, {"loop", "output"}, {"loop/x", "output"},
		{"absdir", "output"}, {"up", "output"}, {"folder", "output"}, {"file/x", "output"}, {"file/x/y", "output"},
	} {
		for range 2 { // also when the folder is known
			p := Place{d, tt.name}
			if tt.want == "input" {
				if _, err := d.Create(tt.name); errorType(err) != tt.want {
					t.Errorf("Create(%q) = %v", tt.name, err)
				}
				continue
			}
			if _, err := p.Create(); errorType(err) != tt.want {
				t.Errorf("Create(%q) = %v", tt.name, err)
			} else if failure, _ := errors.AsType[*OutputError](err); failure.All {
				t.Errorf("Create(%q) = %v is said to hit all outputs", tt.name, err)
			}
			if _, _, err := p.Resume(); errorType(err) != tt.want {
				t.Errorf("Resume(%q) = %v", tt.name, err)
			}
		}
	}
	if diff := cmp.Diff(before, tree(t, base)); diff != "" {
		t.Errorf("(-before +after)\n%s", diff)
	}
	wantFile(t, "secret", secret)
}

// A link that is planted between Create and Commit gains nothing either.
func TestDirLinkDuringTransfer(t *testing.T) {
	base := t.TempDir()
	secret := putFile(t, "secret", base, "outside/secret")
	path := filepath.Join(base, "root")
	d := openDir(t, path, Options{})
	file, err := d.Create("file")
	if err != nil {
		t.Fatal(err)
	}
	deep, err := d.Create("folder/file")
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, "text")
	write(t, deep, "text")
	if err := os.Symlink("../outside/secret", filepath.Join(path, "file")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(path, "folder"), filepath.Join(path, "moved")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../outside", filepath.Join(path, "folder")); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Commit(); err != nil { // in the link's place
		t.Error(err)
	}
	wantFile(t, "text", path, "file")
	if _, err := deep.Commit(); errorType(err) != "output" {
		t.Errorf("Commit = %v", err)
	}
	wantFile(t, "secret", secret)
	if diff := cmp.Diff([]string{"secret"}, tree(t, filepath.Join(base, "outside"))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A link that stays inside is followed for a folder, and replaced for a file.
// Who comes by a link is told from who does not.
func TestDirLinksInside(t *testing.T) {
	path := t.TempDir()
	putFile(t, "target", path, "real/sub/target")
	for name, target := range map[string]string{"link": "real", "real/file": "sub/target", "deep/link": "../link/sub"} {
		link := filepath.Join(path, name)
		if err := os.MkdirAll(filepath.Dir(link), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	d := openDir(t, path, Options{})
	create := func(name, want string) {
		t.Helper()
		out, err := d.Create(name)
		if want != "" {
			if errorType(err) != want {
				t.Errorf("Create(%q) = %v", name, err)
			}
			return
		}
		if err != nil {
			t.Errorf("Create(%q) = %v", name, err)
			return
		}
		write(t, out, name)
		if _, err := out.Commit(); err != nil {
			t.Errorf("Commit of %q: %v", name, err)
		}
	}
	create("link/a", "")
	create("real/a", "output_collision")
	create("real/b", "")
	create("link/b", "output_collision")
	create("deep/link/c", "")
	create("real/sub/c", "output_collision")
	create("link/sub/c", "output_collision")
	create("real/file", "")
	wantFile(t, "link/a", path, "real/a")
	wantFile(t, "deep/link/c", path, "real/sub/c")
	wantFile(t, "real/file", path, "real/file")
	wantFile(t, "target", path, "real/sub/target")
}

// One of many tasks gets the place, whenever they come, and whatever becomes
// of the first.
func TestDirCollision(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path, Options{})
	const tasks = 64
	var wg sync.WaitGroup
	results := make([]string, tasks)
	for i := range tasks {
		wg.Go(func() {
			out, err := d.Create(fmt.Sprintf("folder%d/same", i%4))
			if err != nil {
				results[i] = errorType(err)
				return
			}
			write(t, out, "text")
			if _, err := out.Commit(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	slices.Sort(results)
	want := append(make([]string, 4), slices.Repeat([]string{"output_collision"}, tasks-4)...)
	if diff := cmp.Diff(want, results); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := tree(t, path); len(got) != 4 {
		t.Errorf("files: %q", got)
	}
	out, err := d.Create("fails")
	if err != nil {
		t.Fatal(err)
	}
	out.Abort()
	if _, err := d.Create("./fails"); errorType(err) != "output_collision" {
		t.Errorf("after Abort: %v", err)
	}
}

// An earlier run's file is replaced, with its permissions, and only at Commit.
func TestDirReplaces(t *testing.T) {
	path := t.TempDir()
	old := putFile(t, "before", path, "x")
	if err := os.Chmod(old, 0o600); err != nil {
		t.Fatal(err)
	}
	d := openDir(t, path, Options{})
	out, err := d.Create("x")
	if err != nil {
		t.Fatal(err)
	}
	write(t, out, "after")
	wantFile(t, "before", old)
	if _, err := out.Commit(); err != nil {
		t.Fatal(err)
	}
	wantFile(t, "after", old)
	if info, err := os.Stat(old); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("a private file has become %v, %v", info.Mode(), err)
	}
}

// A folder that somebody removes is made again.
func TestDirFolderRemoved(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path, Options{})
	for _, name := range []string{"a/b/one", "a/b/two"} {
		out, err := d.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(path, "a")); err != nil {
			t.Fatal(err)
		}
	}
}

// A rename that cannot be is an error of its task, and leaves nothing.
func TestDirRenameFails(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path, Options{})
	out, err := d.Create("x")
	if err != nil {
		t.Fatal(err)
	}
	putFile(t, "", path, "x/y")
	if _, err := out.Commit(); errorType(err) != "output" {
		t.Errorf("Commit = %v", err)
	}
	if diff := cmp.Diff([]string{"x/y"}, tree(t, path)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// No permission at one place is told from a folder that takes nothing.
func TestDirPermission(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path, Options{})
	err := d.fail("x", &fs.PathError{Op: "openat", Path: "temp", Err: syscall.EACCES})
	failure, ok := errors.AsType[*OutputError](err)
	if !ok || failure.All || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("at one place: %#v", err)
	}
	gone, err := OpenDir(filepath.Join(path, "gone"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.root.Close(); err != nil { // nothing can be made any more
		t.Fatal(err)
	}
	if failure, ok := errors.AsType[*OutputError](gone.fail("x", fs.ErrPermission)); !ok || !failure.All {
		t.Errorf("everywhere: %#v", failure)
	}
	if err := gone.run.file.Close(); err != nil {
		t.Error(err)
	}
}

// Concurrent tasks in common folders, all of them whole.
func TestDirConcurrent(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path, Options{SHA256: true})
	const workers, each = 8, 50
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				name := fmt.Sprintf("host%d/dir%d/file%d-%d", i%3, i%7, w, i)
				out, err := d.Create(name)
				if err != nil {
					t.Error(err)
					return
				}
				write(t, out, "wrong")
				if err := out.Rewind(0); err != nil {
					t.Error(err)
				}
				write(t, out, name)
				if i%5 == 0 {
					out.Abort()
					continue
				}
				if got, err := out.Commit(); err != nil || got.SHA256 != sumOf(name).Hex {
					t.Errorf("Commit = %+v, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
	names := tree(t, path)
	if len(names) != workers*each*4/5 {
		t.Errorf("%d files", len(names))
	}
	for _, name := range names {
		wantFile(t, name, path, name)
	}
}

// The folders that a Dir remembers are bounded, and forgetting is harmless.
func TestDirManyFolders(t *testing.T) {
	d := openDir(t, t.TempDir(), Options{})
	for i := range maxFolders + 10 {
		d.folders[fmt.Sprint("made up ", i)] = "."
	}
	out, err := d.Create("a/b")
	if err != nil {
		t.Fatal(err)
	}
	out.Abort()
	if len(d.folders) != 1 {
		t.Errorf("%d folders remembered", len(d.folders))
	}
}

func TestSweep(t *testing.T) {
	path := t.TempDir()
	kill := startHelper(t, path)
	d := openDir(t, path, Options{})
	mine, err := d.Create("a/mine")
	if err != nil {
		t.Fatal(err)
	}
	users := []string{".specify-x.part", "a/.specify-aaaaaaaaaaaaaaaaaaaaaaaaaa-1.part", "x.part"}
	for _, name := range users {
		putFile(t, "not ours", path, name)
	}
	alive := tree(t, path)
	if n, err := d.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("Sweep = %d, %v beside a live run", n, err)
	}
	if diff := cmp.Diff(alive, tree(t, path)); diff != "" {
		t.Errorf("beside a live run (-want +got)\n%s", diff)
	}
	kill()
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := d.Sweep(done); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("canceled Sweep = %d, %v", n, err)
	}
	if n, err := d.Sweep(t.Context()); n != 2 || err != nil {
		t.Errorf("Sweep = %d, %v", n, err)
	}
	write(t, mine, "mine")
	if _, err := mine.Commit(); err != nil {
		t.Error(err)
	}
	want := append([]string{"a/mine", "kept.specify.part"}, users...)
	slices.Sort(want)
	got := tree(t, path)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if n, err := d.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("second Sweep = %d, %v", n, err)
	}
	if out, n, err := sized((Place{d, "kept"}).Resume()); err != nil || n != 9 {
		t.Errorf("Resume = %d, %v", n, err)
	} else {
		out.Abort()
	}
	names, err := filepath.Glob(filepath.Join(path, ".specify-*"))
	if err != nil || len(names) != 2 { // the live run's, and the user's
		t.Errorf("at the root: %q, %v", names, err)
	}
}

// A tree that cannot be read to its end keeps its run file, for the next time.
func TestSweepKeepsRunFile(t *testing.T) {
	path := t.TempDir()
	startHelper(t, path)()
	d := openDir(t, path, Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	s := sweeper{ctx: ctx, dir: d, dead: map[string]*run{}}
	if err := s.each(".", s.findDead); err != nil || len(s.dead) != 1 {
		t.Fatalf("%d dead, %v", len(s.dead), err)
	}
	if n, err := d.Sweep(t.Context()); n != 0 || err != nil { // another sweeper has it
		t.Errorf("Sweep = %d, %v", n, err)
	}
	cancel(syscall.EINTR)
	if err := s.walk("."); !errors.Is(err, syscall.EINTR) {
		t.Errorf("walk = %v", err)
	}
	for _, r := range s.dead {
		r.file.Close()
	}
	if n, err := d.Sweep(t.Context()); n != 2 || err != nil {
		t.Errorf("Sweep = %d, %v", n, err)
	}
}

// Runs that begin, sweep and end beside each other take nothing of each other.
func TestSweepBesideRuns(t *testing.T) {
	path := t.TempDir()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				d, err := OpenDir(path, Options{})
				if err != nil {
					t.Error(err)
					return
				}
				out, err := d.Create(fmt.Sprintf("a/%d-%d", i, j))
				if err != nil {
					t.Error(err)
					return
				}
				if n, err := d.Sweep(t.Context()); n != 0 || err != nil {
					t.Errorf("Sweep = %d, %v", n, err)
				}
				write(t, out, "text")
				if _, err := out.Commit(); err != nil {
					t.Error(err)
				}
				if err := d.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(tree(t, path)); n != 160 {
		t.Errorf("%d files", n)
	}
	if entries, err := os.ReadDir(path); err != nil || len(entries) != 1 {
		t.Errorf("at the root: %v, %v", entries, err)
	}
}

func ExampleDir() {
	path, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(path)
	d, err := OpenDir(path, Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	for _, name := range []string{"vendor/a.tgz", "../a.tgz", "vendor/a.tgz", "vendor"} {
		out, err := d.Create(name)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Fprint(out, "body")
		done, err := out.Commit()
		fmt.Println(done.Path, done.Bytes, err)
	}
	// Output:
	// vendor/a.tgz 4 <nil>
	// output "../a.tgz": has a ".." part; it must lie below the output folder
	// output vendor/a.tgz: another task of this run has this output
	// output vendor: another task of this run needs a folder of this name
}

func BenchmarkDir(b *testing.B) {
	for _, depth := range []int{1, 4} {
		b.Run(fmt.Sprintf("depth=%d", depth), func(b *testing.B) {
			d, err := OpenDir(b.TempDir(), Options{SHA256: true})
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			body := make([]byte, 200)
			folder := strings.Repeat("dir/", depth)
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				i++
				out, err := d.Create(folder + itoa(i%1000) + "/" + itoa(i))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := out.Write(body); err != nil {
					b.Fatal(err)
				}
				if _, err := out.Commit(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkName(b *testing.B) {
	u := parse(b, "https://example.com/a/long/path/to/some-file-1.2.3.tar.gz?token=abc")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Name(u); err != nil {
			b.Fatal(err)
		}
	}
}
