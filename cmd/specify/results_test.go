//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// threeTasks runs a list of three to its end and returns the arguments to go on
// with it, and the lines of its results.
func threeTasks(t *testing.T) (dir string, args []string, lines [][]byte) {
	t.Helper()
	src := newSource(t)
	dir = t.TempDir()
	args = []string{
		"batch", "--file", writeLines(t, dir, 3, src.url), "--results", "out.ndjson", "--resume", "--silent", "--jobs", "1",
	}
	launchAndEnd(t, dir, 0, args...)
	text, err := os.ReadFile(filepath.Join(dir, "out.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	lines = bytes.SplitAfter(text, []byte("\n"))
	return dir, args, lines[:3] // behind the last newline is nothing
}

func launchAndEnd(t *testing.T, dir string, status int, args ...string) *running {
	t.Helper()
	p := launch(t, dir, args...)
	p.mustEnd(t, status, time.Minute)
	return p
}

// Wherever a crash has cut the last line, the run goes on, and nothing is lost.
func TestResultsCutAnywhere(t *testing.T) {
	dir, args, lines := threeTasks(t)
	whole := bytes.Join(lines, nil)
	last := len(lines[2])
	runs := 0
	for cut := 1; cut <= last; cut += scale(max(1, last/12), 1) {
		mustWrite(t, dir, whole[:len(whole)-cut])
		p := launchAndEnd(t, dir, 0, args...)
		if p.stderr.Len() > 0 {
			t.Fatalf("%d of %d bytes cut: %s", cut, last, p.stderr.String())
		}
		j := readLedger(t, filepath.Join(dir, "out.ndjson"))
		if j.want(t, 3, 3, 0); j.lines != 3 {
			t.Fatalf("%d of %d bytes cut: %d lines", cut, last, j.lines)
		}
		runs++
	}
	t.Logf("%d cuts of a last line of %d bytes", runs, last)
}

// A line in the middle that is damaged is named, and the file stays as it is.
// Where the damage leaves a record, its task is at most fetched again.
func TestResultsDamaged(t *testing.T) {
	dir, args, lines := threeTasks(t)
	at := len(lines[0])
	named, harmless := 0, 0
	for offset := 0; offset < len(lines[1]); offset += scale(max(1, len(lines[1])/12), 1) {
		for bit := scale(7, 0); bit < 8; bit++ {
			text := bytes.Join(lines, nil)
			text[at+offset] ^= 1 << bit
			mustWrite(t, dir, text)
			p := launch(t, dir, args...)
			status := p.end(t, time.Minute)
			if status == 0 && bit < 7 {
				if ok := okTasks(t, filepath.Join(dir, "out.ndjson")); ok < 3 { // one more where it was the id that was damaged
					t.Fatalf("bit %d of byte %d: %d tasks are ok at the end", bit, offset, ok)
				}
				harmless++
				continue
			}
			after, err := os.ReadFile(filepath.Join(dir, "out.ndjson"))
			if err != nil {
				t.Fatal(err)
			}
			if status != 2 || !strings.Contains(p.stderr.String(), "out.ndjson:2: ") || !bytes.Equal(after, text) {
				t.Fatalf("bit %d of byte %d (%q): exit status %d, stderr %q", bit, offset, lines[1][offset], status, p.stderr.String())
			}
			named++
		}
	}
	t.Logf("%d damaged lines named, %d damages left a record", named, harmless)
}

// okTasks counts the identities with an ok record, reading no more of a record
// than a resumed run does.
func okTasks(t *testing.T, name string) int {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ok := make(map[string]bool)
	for dec := json.NewDecoder(f); dec.More(); {
		var r struct{ ID, Outcome string }
		if err := dec.Decode(&r); err != nil {
			t.Fatal(err)
		}
		if r.Outcome == "ok" {
			ok[r.ID] = true
		}
	}
	return len(ok)
}

func mustWrite(t *testing.T, dir string, text []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "out.ndjson"), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// A second run on the same results ends at once and does the first no harm; a
// run that was killed leaves no lock.
func TestResultsLocked(t *testing.T) {
	src := newSource(t)
	src.delay.Store(int64(300 * time.Millisecond))
	dir := t.TempDir()
	args := []string{
		"batch", "--file", writeLines(t, dir, 40, src.url), "--results", "out.ndjson", "--resume", "--silent", "--jobs", "4", "--per-host", "4",
	}
	first := launch(t, dir, args...)
	eventually(t, "the first run is at work", func() bool { return src.total() > 4 })
	for range scale(2, 20) {
		second := launchAndEnd(t, dir, 2, args...)
		if text := second.stderr.String(); !strings.Contains(text, "out.ndjson is in use by another run") || strings.Count(text, "\n") != 1 {
			t.Errorf("stderr %q", text)
		}
		if second.took > time.Second {
			t.Errorf("the second run took %v to find out", second.took)
		}
		t.Logf("second run: %v", second.took)
	}
	first.mustEnd(t, 0, time.Minute)
	j := readLedger(t, filepath.Join(dir, "out.ndjson"))
	if j.want(t, 40, 40, 0); j.lines != 40 || src.total() != 40 {
		t.Errorf("%d lines, %d requests for 40 tasks", j.lines, src.total())
	}

	args[4] = "killed.ndjson"
	killed := launch(t, dir, args...)
	eventually(t, "some tasks have ended", func() bool { return src.total() > 60 })
	killed.Process.Kill()
	killed.mustEnd(t, -1, time.Minute)
	src.delay.Store(0)
	launchAndEnd(t, dir, 0, args...)
	readLedger(t, filepath.Join(dir, "killed.ndjson")).want(t, 40, 40, 0)
}
