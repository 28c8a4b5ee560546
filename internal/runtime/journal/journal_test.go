package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestOpenNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	j, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{}); !isLocked(err, path) {
		t.Errorf("second Open in one process = %v, want *LockedError", err)
	}
	line := record(0, 0)
	appendAll(t, j, line, line[:len(line)-1]) // the newline is ours to add
	checkFile(t, path, append(line, line...))
}

func TestOpenEmptyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	write(t, path, nil)
	for _, resume := range []bool{false, true} {
		j, err := Open(path, Options{Resume: resume})
		if err != nil {
			t.Fatalf("Resume %v: %v", resume, err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenNotEmpty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	content := append(record(0, 0), "{torn"...)
	write(t, path, content)
	_, err := Open(path, Options{})
	if notEmpty, ok := errors.AsType[*NotEmptyError](err); !ok || notEmpty.Path != path {
		t.Errorf("Open = %v, want *NotEmptyError", err)
	}
	checkFile(t, path, content)
	j, err := Open(path, Options{Resume: true}) // the failed Open has left no lock
	if err != nil {
		t.Fatal(err)
	}
	if j.Dropped() != 5 {
		t.Errorf("Dropped = %d, want 5", j.Dropped())
	}
	appendAll(t, j, record(1, 0))
	checkFile(t, path, append(record(0, 0), record(1, 0)...))
}

func TestOpenFails(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "missing", "out.ndjson"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open in a missing folder = %v, want fs.ErrNotExist", err)
	}
	if _, err := Open(dir, Options{}); err == nil {
		t.Error("Open of a folder succeeded")
	}
}

func TestEachStops(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	content := append(append(record(0, 0), record(1, 0)...), `{"to`...)
	write(t, path, content)
	stop := errors.New("stop")
	calls := 0
	_, err := Open(path, Options{Resume: true, Each: func(Entry) error { calls++; return stop }})
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("Open = %v after %d calls of Each, want stop after 1", err, calls)
	}
	checkFile(t, path, content)
	j, err := Open(path, Options{Resume: true})
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, j)
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
