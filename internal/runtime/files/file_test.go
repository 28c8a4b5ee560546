package files

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/specify-cli/specify/internal/task"
	"pgregory.net/rapid"
)

func sumOf(text string) Checksum {
	sum := sha256.Sum256([]byte(text))
	return Checksum{SHA256, hex.EncodeToString(sum[:])}
}

func sum512Of(text string) Checksum {
	sum := sha512.Sum512([]byte(text))
	return Checksum{SHA512, hex.EncodeToString(sum[:])}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := putFile(t, "before", dir, "x")
	out, err := Outputs{Options: Options{SHA256: true, Sync: true}}.File(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, out, "after ")
	write(t, out, "all")
	wantFile(t, "before", path)
	got, err := out.Commit()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&task.Output{Path: path, Bytes: 9, SHA256: sumOf("after all").Hex}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	out.Abort() // does nothing any more
	wantFile(t, "after all", path)
	if diff := cmp.Diff([]string{"x"}, tree(t, dir)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestFileAbort(t *testing.T) {
	dir := t.TempDir()
	path := putFile(t, "before", dir, "x")
	out, err := Outputs{}.File(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, out, "after")
	out.Abort()
	out.Abort()
	wantFile(t, "before", path)
	if got := tree(t, dir); len(got) != 1 {
		t.Errorf("left: %q", got)
	}
	for _, err := range []error{func() error { _, err := out.Write([]byte("x")); return err }(),
		out.Rewind(0), func() error { _, err := out.Commit(); return err }()} {
		if errorType(err) != "output" || !errors.Is(err, fs.ErrClosed) {
			t.Errorf("after Abort: %v", err)
		}
	}
}

// No sum is computed that nobody asked for.
func TestFileWithoutSums(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	out, err := Outputs{}.File(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, out, "text")
	got, err := out.Commit()
	if err != nil || got.SHA256 != "" || got.Bytes != 4 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestExpect(t *testing.T) {
	for _, sum := range []Checksum{sumOf("text"), sum512Of("text")} {
		dir := t.TempDir()
		for _, text := range []string{"text", "tex"} {
			path := filepath.Join(dir, text)
			out, err := Outputs{}.File(path)
			if err != nil {
				t.Fatal(err)
			}
			out.Expect(Checksum{})
			out.Expect(sum)
			write(t, out, text)
			got, err := out.Commit()
			if text == "text" {
				if err != nil || got == nil {
					t.Errorf("%v: %v", sum, err)
				}
				continue
			}
			failure, ok := errors.AsType[*ChecksumError](err)
			if !ok || errorType(err) != "checksum" || failure.Want != sum || failure.Got == sum || failure.Path != path {
				t.Errorf("%v: error %v", sum, err)
			}
		}
		if diff := cmp.Diff([]string{"text"}, tree(t, dir)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

// A File is compared with a buffer, through any sequence of writes and rewinds.
func TestFileModel(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	rapid.Check(t, func(t *rapid.T) {
		out, err := Outputs{Options: Options{SHA256: true}}.File(path)
		if err != nil {
			t.Fatal(err)
		}
		defer out.Abort()
		var want []byte
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				p := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(t, "p")
				if n, err := out.Write(p); err != nil || n != len(p) {
					t.Fatalf("Write = %d, %v", n, err)
				}
				want = append(want, p...)
			},
			"rewind": func(t *rapid.T) {
				offset := rapid.IntRange(0, len(want)).Draw(t, "offset")
				if err := out.Rewind(int64(offset)); err != nil {
					t.Fatal(err)
				}
				want = want[:offset]
			},
			"too far": func(t *rapid.T) {
				for _, offset := range []int64{-1, int64(len(want)) + 1} {
					if err := out.Rewind(offset); errorType(err) != "output" {
						t.Fatalf("Rewind(%d) = %v", offset, err)
					}
				}
			},
		})
		right := rapid.Bool().Draw(t, "right")
		out.Expect(sum512Of(string(want)))
		if !right {
			out.Expect(sumOf(string(want) + "!"))
		}
		got, err := out.Commit()
		if !right {
			if errorType(err) != "checksum" {
				t.Fatalf("Commit = %v", err)
			}
			return
		}
		if err != nil || got.Bytes != int64(len(want)) || got.SHA256 != sumOf(string(want)).Hex {
			t.Fatalf("Commit = %+v, %v", got, err)
		}
		if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, want) {
			t.Fatalf("%d bytes in the file, %v; want %d", len(data), err, len(want))
		}
	})
	for _, name := range tree(t, dir) {
		if name != "x" {
			t.Errorf("left: %s", name)
		}
	}
}

// faulty is a temporary file that fails at one call.
type faulty struct {
	handle
	writes int // that succeed
	short  int // bytes of the next one that are taken
	err    error
	op     string
}

func (f *faulty) WriteAt(p []byte, at int64) (int, error) {
	if f.op != "write" {
		return f.handle.WriteAt(p, at)
	}
	if f.writes--; f.writes >= 0 {
		return f.handle.WriteAt(p, at)
	}
	n, _ := f.handle.WriteAt(p[:f.short], at)
	return n, &fs.PathError{Op: "write", Path: "temp", Err: f.err}
}

func (f *faulty) Truncate(size int64) error {
	if f.op == "truncate" {
		return f.err
	}
	return f.handle.Truncate(size)
}

func (f *faulty) Sync() error {
	if f.op == "sync" {
		return f.err
	}
	return f.handle.Sync()
}

func (f *faulty) Close() error {
	err := f.handle.Close()
	if f.op == "close" {
		err = f.err
	}
	return err
}

// badFolder is a folder whose renames or removals fail.
type badFolder struct {
	folder
	op  string
	err error
}

func (b badFolder) Rename(from, to string) error {
	if strings.Contains(b.op, "rename") {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: b.err}
	}
	return b.folder.Rename(from, to)
}

func (b badFolder) Remove(name string) error {
	if strings.Contains(b.op, "remove") {
		return b.err
	}
	return b.folder.Remove(name)
}

// Whatever call fails, the error is typed and keeps its cause, and no
// temporary file is left.
func TestFileFailures(t *testing.T) {
	for _, tt := range []struct {
		op   string
		err  error
		all  bool
		left int
	}{
		{"write", syscall.ENOSPC, true, 0},
		{"write", syscall.EDQUOT, true, 0},
		{"write", syscall.EFBIG, false, 0},
		{"sync", syscall.EIO, true, 0},
		{"close", syscall.EIO, true, 0},
		{"rename", syscall.EROFS, true, 0},
		{"rename", syscall.EACCES, false, 0},
		{"rename remove", syscall.EROFS, true, 1},
		{"truncate", syscall.EIO, true, 0},
	} {
		t.Run(tt.op+" "+tt.err.Error(), func(t *testing.T) {
			dir := t.TempDir()
			path := putFile(t, "before", dir, "x")
			out, err := Outputs{Options: Options{SHA256: true, Sync: true}}.File(path)
			if err != nil {
				t.Fatal(err)
			}
			f := out.(*File)
			f.file = &faulty{handle: f.file, op: tt.op, err: tt.err, writes: 1, short: 2}
			f.in = badFolder{f.in, tt.op, tt.err}
			write(t, out, "one ")
			n, err := out.Write([]byte("two"))
			if tt.op == "write" && n != 2 {
				t.Errorf("%d bytes written, want 2", n)
			}
			if tt.op == "truncate" {
				err = out.Rewind(1)
			}
			if err == nil {
				_, err = out.Commit()
			}
			out.Abort()
			failure, ok := errors.AsType[*OutputError](err)
			if !ok || !errors.Is(err, tt.err) || failure.Path != path || failure.All != tt.all {
				t.Errorf("error %#v", err)
			}
			if got := strings.Count(err.Error(), "\n"); got != 0 || tt.left == 0 && strings.Contains(err.Error(), ".part") {
				t.Errorf("message %q", err)
			}
			wantFile(t, "before", path)
			if got := tree(t, dir); len(got) != 1+tt.left {
				t.Errorf("left: %q", got)
			}
		})
	}
}

// After a write that failed the output can be rewound, and be right.
func TestFileGoesOnAfterFailure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	out, err := Outputs{Options: Options{SHA256: true}}.File(path)
	if err != nil {
		t.Fatal(err)
	}
	f := out.(*File)
	bad := &faulty{handle: f.file, op: "write", err: syscall.ENOSPC, writes: 1, short: 2}
	f.file = bad
	write(t, out, "one ")
	if _, err := out.Write([]byte("two")); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	bad.writes = 10
	if err := out.Rewind(4); err != nil {
		t.Fatal(err)
	}
	write(t, out, "three")
	got, err := out.Commit()
	if err != nil || got.SHA256 != sumOf("one three").Hex {
		t.Errorf("%+v, %v", got, err)
	}
	wantFile(t, "one three", path)
}

func TestFilePlaces(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	file := putFile(t, "", dir, "file")
	for _, tt := range []struct{ path, want string }{
		{"", "input"},
		{filepath.Join(dir, "folder"), "output"},
		{filepath.Join(dir, "folder") + "/", "output"},
		{filepath.Join(dir, "missing", "x"), "output"},
		{filepath.Join(dir, "new") + "/", "output"},
		{filepath.Join(file, "x"), "output"},
		{filepath.Join(dir, strings.Repeat("x", 300)), "output"},
	} {
		for name, open := range map[string]func() error{
			"File":   func() error { _, err := Outputs{}.File(tt.path); return err },
			"Resume": func() error { _, _, err := Outputs{}.Resume(tt.path); return err },
		} {
			if err := open(); errorType(err) != tt.want {
				t.Errorf("%s(%.50q) = %v, want %s", name, tt.path, err, tt.want)
			}
		}
	}
	if got := tree(t, dir); len(got) != 1 {
		t.Errorf("left: %q", got)
	}
}

// A name that fills all that a file system takes has a temporary file too.
func TestFileLongName(t *testing.T) {
	for _, base := range []string{strings.Repeat("x", 255), strings.Repeat("é", 127)} {
		path := filepath.Join(t.TempDir(), base)
		out, err := Outputs{}.File(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, out, "text")
		if _, err := out.Commit(); err != nil {
			t.Error(err)
		}
		wantFile(t, "text", path)
		again, n, err := Outputs{}.Resume(path)
		if err != nil || n.Bytes != 4 {
			t.Fatal(n, err)
		}
		write(t, again, "!")
		if _, err := again.Commit(); err != nil {
			t.Error(err)
		}
		wantFile(t, "text!", path)
	}
}

func TestStream(t *testing.T) {
	var b bytes.Buffer
	out := Outputs{Out: &b}.Stdout()
	if err := out.Rewind(0); err != nil {
		t.Error(err)
	}
	out.Expect(sumOf("text"))
	write(t, out, "te")
	if err := out.Rewind(2); err != nil {
		t.Error(err)
	}
	if err := out.Rewind(0); !errors.Is(err, ErrStarted) {
		t.Errorf("Rewind(0) = %v", err)
	}
	write(t, out, "xt")
	if got, err := out.Commit(); got != nil || err != nil || b.String() != "text" {
		t.Errorf("Commit = %v, %v; %q", got, err, b.String())
	}
	late := Outputs{Out: &b}.Stdout()
	late.Expect(sumOf("text"))
	write(t, late, "other")
	if _, err := late.Commit(); errorType(err) != "checksum" {
		t.Errorf("Commit = %v", err)
	}
}

// lazyWriter takes half of what it is given, and says nothing.
type lazyWriter struct{}

func (lazyWriter) Write(p []byte) (int, error) { return len(p) / 2, nil }

func TestStreamFailures(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	if _, err := (Outputs{Out: w}).Stdout().Write([]byte("x")); errorType(err) != "output" || runtime.GOOS != "windows" && !errors.Is(err, syscall.EPIPE) {
		t.Errorf("a closed pipe: %v", err)
	}
	if n, err := (Outputs{Out: lazyWriter{}}).Stdout().Write([]byte("four")); n != 2 || errorType(err) != "output" {
		t.Errorf("a short write: %d, %v", n, err)
	}
}

func TestNone(t *testing.T) {
	var out None
	write(t, &out, "text")
	if err := out.Rewind(2); err != nil { // nothing is hashed
		t.Error(err)
	}
	if err := out.Rewind(3); err == nil {
		t.Error("rewound beyond the end")
	}
	var sure None
	sure.Expect(sumOf("text"))
	write(t, &sure, "wrong")
	if err := sure.Rewind(2); !errors.Is(err, ErrStarted) {
		t.Errorf("Rewind(2) = %v", err)
	}
	if err := sure.Rewind(0); err != nil {
		t.Error(err)
	}
	write(t, &sure, "text")
	if _, err := sure.Commit(); err != nil {
		t.Error(err)
	}
	write(t, &sure, "!")
	if _, err := sure.Commit(); errorType(err) != "checksum" {
		t.Errorf("Commit = %v", err)
	}
}

func ExampleOutputs_File() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	sum, err := ParseChecksum("sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae")
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := Outputs{}.File(filepath.Join(dir, "foo.txt"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer out.Abort()
	out.Expect(sum)
	fmt.Fprint(out, "fo")
	fmt.Fprint(out, "x")
	if err := out.Rewind(2); err != nil { // the transfer broke, and goes on here
		fmt.Println(err)
	}
	fmt.Fprint(out, "o")
	done, err := out.Commit()
	fmt.Println(done.Bytes, err)
	// Output: 3 <nil>
}

func BenchmarkFileWrite(b *testing.B) {
	for _, o := range []Options{{}, {SHA256: true}} {
		for _, size := range []int{32 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("sha256=%t/buffer=%d", o.SHA256, size), func(b *testing.B) {
				out, err := Outputs{Options: o}.File(filepath.Join(b.TempDir(), "x"))
				if err != nil {
					b.Fatal(err)
				}
				defer out.Abort()
				buf := make([]byte, size)
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					if _, err := out.Write(buf); err != nil {
						b.Fatal(err)
					}
					if out.(*File).n >= 64<<20 {
						if err := out.Rewind(0); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
	}
}
