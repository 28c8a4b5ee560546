package files

import (
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/specify-cli/specify/internal/splice"
	"github.com/specify-cli/specify/internal/task"
)

// piped returns a pipe that holds text.
func piped(t *testing.T, text string) *splice.Pipe {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	if _, err := far.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	raw, err := near.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	p, err := splice.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if n, err := p.Fill(raw, 1<<10); err != nil || n != int64(len(text)) {
		t.Fatalf("Fill: %d, %v", n, err)
	}
	return p
}

// fill gives f the text filled: by Drain, with a Rewind into what has come by it,
// between what comes by Write.
func fill(t *testing.T, f *File) {
	t.Helper()
	if _, err := f.Write([]byte("one, ")); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{f.Drain(piped(t, "two, six")), f.Rewind(10), f.Drain(piped(t, "three, "))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Write([]byte("four")); err != nil {
		t.Fatal(err)
	}
}

const filled = "one, two, three, four"

// What comes by Drain stands in the file, and in the count, as if it had come by
// Write.
func TestDrain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	out, err := Outputs{}.File(path)
	if err != nil {
		t.Fatal(err)
	}
	f := out.(*File)
	fill(t, f)
	if got, err := f.Commit(); err != nil || *got != (task.Output{Path: path, Bytes: int64(len(filled))}) {
		t.Errorf("Commit: %+v, %v", got, err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != filled {
		t.Errorf("%q, %v", got, err)
	}
	if err := f.Drain(piped(t, "late")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after Commit: %v", err)
	}
}

// What comes by Drain is in the sums, those of the record and those that are
// expected, in its place among what comes otherwise.
func TestDrainIsHashed(t *testing.T) {
	for _, test := range []struct {
		name     string
		expected Checksum
		failed   bool
	}{
		{"asked for", Checksum{}, false},
		{"expected", Checksum{SHA512, fmt.Sprintf("%x", sha512.Sum512([]byte(filled)))}, false},
		{"another expected", Checksum{SHA512, fmt.Sprintf("%x", sha512.Sum512([]byte("one, ")))}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := Outputs{Options: Options{SHA256: true}}.File(filepath.Join(t.TempDir(), "x"))
			if err != nil {
				t.Fatal(err)
			}
			defer out.Abort()
			out.Expect(test.expected)
			f := out.(*File)
			fill(t, f)
			got, err := f.Commit()
			if _, failed := errors.AsType[*ChecksumError](err); failed != test.failed {
				t.Fatalf("Commit: %v", err)
			}
			if !test.failed && got.SHA256 != fmt.Sprintf("%x", sha256.Sum256([]byte(filled))) {
				t.Errorf("SHA-256 is %s", got.SHA256)
			}
		})
	}
}

// A file that has become shorter meanwhile, by whatever hand, has no sum.
func TestDrainIsCutBehindItsBack(t *testing.T) {
	out, err := Outputs{Options: Options{SHA256: true}}.File(filepath.Join(t.TempDir(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Abort()
	f := out.(*File)
	if err := f.Drain(piped(t, "one")); err != nil {
		t.Fatal(err)
	}
	if err := f.Rewind(2); err != nil { // the sums begin anew
		t.Fatal(err)
	}
	if err := f.file.Truncate(1); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Commit(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Commit: %v", err)
	}
}
