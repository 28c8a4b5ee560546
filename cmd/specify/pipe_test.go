//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// feed writes lines to a new FIFO, as fast as they are read, and returns its
// name. It ends with the reader.
func feed(t *testing.T, dir string, n int, line func(i int) string) string {
	t.Helper()
	name := filepath.Join(dir, "list.fifo")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { <-done })
	go func() {
		defer close(done)
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		w := bufio.NewWriter(f)
		defer w.Flush() // a reader that has gone is no failure
		for i := range n {
			if _, err := fmt.Fprintln(w, line(i)); err != nil {
				return
			}
		}
	}()
	return name
}

// A long list through a pipe with one line that cannot be used: one clear error
// when it is read, after the tasks before it, or one record of it and the rest.
// Memory does not grow with the list. The tasks all fail at once, for the names
// of their outputs.
func TestLinesOfALongPipe(t *testing.T) {
	tasks := scale(50_000, 1_000_000)
	bad := tasks / 2
	line := func(i int) string {
		if i == bad {
			return "oops"
		}
		return fmt.Sprintf("http://127.0.0.1:9/%d ../%d", i, i)
	}
	for _, c := range []struct {
		name            string
		args            []string
		status, records int
		stderr          string
	}{
		{"error", nil, 2, bad, fmt.Sprintf("specify: error: list.fifo:%d: bad URL \"oops\"", bad+1)},
		{"skip-invalid", []string{"--skip-invalid"}, 1, tasks, fmt.Sprintf("specify: FAIL list.fifo:%d: bad URL \"oops\"", bad+1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			feed(t, dir, tasks, line)
			p := prepared(t, dir, append([]string{"batch", "--file", "list.fifo", "--results", "out.ndjson", "-s"}, c.args...)...)
			stderr := &sink{want: c.stderr}
			p.Stderr = stderr
			p.launch(t)
			peak := highWater(p)
			p.mustEnd(t, c.status, 5*time.Minute)
			if stderr.found != 1 || stderr.errors > 1 {
				t.Errorf("%d lines on standard error say %q, %d are errors", stderr.found, c.stderr, stderr.errors)
			}
			j := readLedgerLines(t, filepath.Join(dir, "out.ndjson"))
			if j.lines != c.records || j.input != c.records {
				t.Errorf("%d records, %d of type input, want %d", j.lines, j.input, c.records)
			}
			most := peak()
			t.Logf("%d records in %v, %v of CPU, %d MiB", j.lines, p.took.Round(time.Millisecond), p.cpu().Round(time.Millisecond), most)
			if limit := map[bool]int64{false: 80, true: 500}[raced]; most > limit {
				t.Errorf("%d MiB at its peak, more than %d", most, limit)
			}
		})
	}
}

// highWater watches the largest resident set of a program that runs and returns
// a function that waits for its end and says it in MiB; 0 where there is no
// /proc. What wait(2) tells (running.peak) would count this process until exec.
func highWater(p *running) func() int64 {
	most := make(chan int64, 1)
	go func() { // ends with the program
		var kib int64
		for {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
			_, text, found := bytes.Cut(status, []byte("VmHWM:"))
			if err != nil || !found { // it is gone, or a zombie
				most <- kib >> 10
				return
			}
			var now int64
			if _, err := fmt.Sscan(string(text), &now); err == nil {
				kib = max(kib, now)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	return func() int64 { return <-most }
}

// sink counts the lines that are written to it.
type sink struct {
	want          string
	found, errors int
	rest          []byte
}

func (s *sink) Write(p []byte) (int, error) {
	s.rest = append(s.rest, p...)
	for {
		line, rest, whole := bytes.Cut(s.rest, []byte("\n"))
		if !whole {
			break
		}
		if strings.HasPrefix(string(line), s.want) {
			s.found++
		}
		if bytes.HasPrefix(line, []byte("specify: error: ")) {
			s.errors++
		}
		s.rest = rest
	}
	s.rest = append([]byte(nil), s.rest...)
	return len(p), nil
}

// longFile is what there is to say of a results file too long to be kept.
type longFile struct{ lines, input int }

func readLedgerLines(t *testing.T, name string) (l longFile) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	for in.Scan() {
		l.lines++
		if bytes.Contains(in.Bytes(), []byte(`"outcome":"failed"`)) && bytes.Contains(in.Bytes(), []byte(`"error":{"type":"input"`)) {
			l.input++
		}
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return l
}
