//go:build unix

package journal

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

func TestDevNull(t *testing.T) {
	for range 2 { // no lock, nothing to resume
		j, err := Open(os.DevNull, Options{Resume: true, Each: func(Entry) error { return errors.New("an entry") }})
		if err != nil {
			t.Fatal(err)
		}
		defer appendAll(t, j, record(0, 0))
	}
}

func TestFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	opened := make(chan *os.File)
	go func() { // ends when Open below has opened the other end
		f, err := os.Open(path)
		if err != nil {
			t.Error(err)
		}
		opened <- f
	}()
	j, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	reader := <-opened
	if err := j.Append(record(0, 0)); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(reader).ReadString('\n'); err != nil || line != string(record(0, 0)) {
		t.Errorf("read %q, %v", line, err)
	}
	reader.Close()
	if err := j.Append(record(1, 0)); err != nil {
		t.Fatal(err)
	}
	<-j.Failed() // the reader has gone
	if err := j.Close(); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("Close = %v, want EPIPE", err)
	}
}

// A reader of our stdout that has gone is EPIPE, not the end of the process,
// for a program that ignores SIGPIPE.
func TestClosedStdout(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	cmd := asProcess(t, "stdout", "unused")
	cmd.Stdout = w
	err = cmd.Run()
	w.Close()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 141 {
		t.Errorf("helper: %v, want exit status 141", err)
	}
}

// NewStream leaves its writer open.
func TestStreamStaysOpen(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	appendAll(t, NewStream(w, "pipe"), []byte("a"))
	if _, err := io.WriteString(w, "after\n"); err != nil {
		t.Error(err)
	}
	w.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != "a\nafter\n" {
		t.Errorf("read %q, %v", got, err)
	}
}
