//go:build unix

package lists

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The lines of a pipe come as they are written: the writer sends the second
// only when the first has arrived, and would wait for ever otherwise.
func TestFIFO(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	if (Lists{}).Regular("pipe") {
		t.Error("a pipe was taken for a regular file")
	}
	arrived := make(chan struct{})
	written := make(chan error, 1)
	go func() { // ends when the second line is written; written is received below
		w, err := os.OpenFile("pipe", os.O_WRONLY, 0)
		if err == nil {
			_, err = w.WriteString("https://example.com/1\n")
			<-arrived
		}
		if err == nil {
			_, err = w.WriteString("https://example.com/2\n")
		}
		if err == nil {
			err = w.Close()
		}
		written <- err
	}()
	n := 0
	for line, err := range (Lists{}).Open("pipe") {
		if n++; err != nil || line.Err != nil || line.Place.Line != n {
			t.Fatalf("%+v, %v", line, err)
		}
		if n == 1 {
			close(arrived)
		}
	}
	if err := <-written; n != 2 || err != nil {
		t.Errorf("%d lines, writer: %v", n, err)
	}
}

func TestOpenErrors(t *testing.T) {
	write(t, "file", list)
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("loop", "loop"); err != nil { // unreadable to root too
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		cause error
		want  string
	}{
		{"missing", fs.ErrNotExist, "open missing: no such file or directory"},
		{"folder", syscall.EISDIR, "open folder: is a directory"},
		{"loop", syscall.ELOOP, "open loop: too many levels of symbolic links"},
		{"file/x", syscall.ENOTDIR, "open file/x: not a directory"},
		{"", fs.ErrNotExist, "open : no such file or directory"},
	}
	for _, tt := range tests {
		items := 0
		for line, err := range (Lists{}).Open(tt.name) {
			items++
			if line.Text != nil || !errors.Is(err, tt.cause) || err.Error() != tt.want {
				t.Errorf("%q: %v, want %s", tt.name, err, tt.want)
			}
		}
		if items != 1 {
			t.Errorf("%q: %d items, want the error alone", tt.name, items)
		}
	}
}

// A regular list can be read twice, and nothing stays open, however it ends.
func TestOpenTwiceAndClosed(t *testing.T) {
	write(t, "list.zst", zstded(list))
	before := descriptors(t)
	seq := (Lists{}).Open("list.zst")
	first, second := render(seq), render(seq)
	if len(first) != 2 || !cmp.Equal(first, second) {
		t.Errorf("first %q, then %q", first, second)
	}
	for range seq {
		break
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		for range seq {
			panic("of the caller")
		}
	}()
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors open, %d before", after, before)
	}
}

// descriptors counts this process's open files.
func descriptors(t *testing.T) int {
	t.Helper()
	open, err := filepath.Glob("/dev/fd/*")
	if err != nil || len(open) == 0 {
		t.Fatal(open, err)
	}
	return len(open)
}
