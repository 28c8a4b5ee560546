package journal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A second process is refused at once, and the first goes on unharmed.
func TestLockBetweenProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	holder := asProcess(t, "hold", path)
	stdin, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(stdout)
	expect := func(want string) {
		t.Helper()
		if !said.Scan() || said.Text() != want {
			t.Fatalf("holder said %q, want %q", said.Text(), want)
		}
	}
	expect("open")
	fmt.Fprintln(stdin, "append")
	expect("written")

	// The holder waits for us: an Open that waited for it would never return.
	out, err := asProcess(t, "try", path).Output()
	if err != nil || string(out) != "*journal.LockedError\n" {
		t.Errorf("second process: Open gave %q, %v; want a *LockedError", out, err)
	}
	if _, err := Open(path, Options{}); !isLocked(err, path) {
		t.Errorf("Open = %v, want *LockedError: the lock comes before the look at the content", err)
	}

	fmt.Fprintln(stdin, "append")
	expect("written")
	stdin.Close()
	if err := holder.Wait(); err != nil {
		t.Errorf("holder: %v", err)
	}
	checkFile(t, path, append(record(0, 10), record(1, 10)...))
	if out, err := asProcess(t, "try", path).Output(); err != nil || string(out) != "<nil>\n" {
		t.Errorf("after the holder has ended, Open gave %q, %v", out, err)
	}
}

func isLocked(err error, path string) bool {
	locked, ok := errors.AsType[*LockedError](err)
	return ok && locked.Path == path
}

// A killed writer leaves no lock, at most one torn line, no gap, and
// everything that it had flushed.
func TestKilledWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	flushed, torn := int64(-1), 0
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		cmd := asProcess(t, "pour", path)
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := bufio.NewReader(stdout)
		if _, err := fmt.Fscanln(said, &flushed); err != nil {
			t.Fatalf("writer: %v", err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for { // what it had said before it was killed
			var seq int64
			if _, err := fmt.Fscanln(said, &seq); err != nil {
				break
			}
			flushed = seq
		}
		cmd.Wait() // reports the kill

		next := int64(0)
		j, err := Open(path, Options{Resume: true, Each: func(e Entry) error {
			if e.Seq != next || e.Line != int(next)+1 {
				t.Fatalf("record %d on line %d, want record %d", e.Seq, e.Line, next)
			}
			next++
			return nil
		}})
		if err != nil {
			t.Fatalf("Open after kill: %v", err)
		}
		if next <= flushed {
			t.Errorf("%d records, but record %d had been flushed", next, flushed)
		}
		if j.Dropped() > 0 {
			torn++
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d kills tore a line", torn, rounds)
}

// checkFile compares the whole content of a file.
func checkFile(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s holds\n%.500q\nwant\n%.500q", filepath.Base(path), got, want)
	}
}

// appendAll appends the lines and closes j.
func appendAll(t *testing.T, j *Journal, lines ...[]byte) {
	t.Helper()
	for _, line := range lines {
		if err := j.Append(line); err != nil {
			t.Errorf("Append: %v", err)
		}
	}
	if err := j.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}
