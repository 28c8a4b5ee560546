package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/task"
)

// The tests in resilience_*_test.go hold the program to CONTRACT.md section 6
// (retry, origin gate, breaker) from outside: the real main in a process of its
// own, against servers that misbehave. Each logs the figures it has seen.

// outcome is what became of one run of "specify batch".
type outcome struct {
	records []task.Record // by seq, one for each line
	stderr  string
	status  int
	took    time.Duration // from start to exit
}

// serve starts a faultserver with so many plain origins of its own.
func serve(t *testing.T, origins int) *faultserver.Server {
	t.Helper()
	server, err := faultserver.Start(faultserver.Config{Origins: origins, LogLimit: 50_000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

// lines returns n lines made by format, which has one verb for the number.
func lines(n int, format string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(format, i)
	}
	return all
}

// batch runs "specify batch -v" on a list and returns its records, having
// checked that there is exactly one for each line and that the parts of each
// one's time add up.
func batch(t *testing.T, list []string, args ...string) outcome {
	t.Helper()
	return batchIn(t, t.TempDir(), nil, os.Args[0], list, args...)
}

// batchIn is batch by another program, in a folder and with environment
// variables.
func batchIn(t *testing.T, dir string, env []string, program string, list []string, args ...string) outcome {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "list"), []byte(strings.Join(list, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append([]string{"batch", "-v", "--file", "list", "--results", "out.ndjson"}, args...)...)
	if program == os.Args[0] {
		cmd.Args[0] = "specify" // TestMain goes by it
	}
	cmd.Dir = dir
	// Under the race detector a program sleeps for a second before it exits well.
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, hasty}, env...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	began := time.Now()
	err := cmd.Run()
	o := outcome{stderr: errs.String(), took: time.Since(began)}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		o.status = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if out.Len() > 0 {
		t.Errorf("standard output is not empty with --results: %.200s", out.String())
	}
	o.records = readRecords(t, filepath.Join(dir, "out.ndjson"), len(list))
	return o
}

// readRecords reads n records and sorts them by seq.
func readRecords(t *testing.T, name string, n int) []task.Record {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var all []task.Record
	for line := range strings.Lines(string(data)) {
		var r task.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, r)
	}
	if len(all) != n {
		t.Fatalf("%d records for %d tasks", len(all), n)
	}
	slices.SortFunc(all, func(a, b task.Record) int { return int(a.Seq - b.Seq) })
	for i := range all {
		if all[i].Seq != int64(i) {
			t.Fatalf("no record of task %d", i)
		}
		if d := unaccounted(&all[i]); d.Abs() > rounding {
			t.Errorf("task %d: the parts of its time leave %v of its duration", i, d)
		}
	}
	return all
}

// rounding is what ten numbers of whole microseconds may be off together.
const rounding = 5 * time.Microsecond

// unaccounted returns what the parts of a record's time leave of its duration.
func unaccounted(r *task.Record) time.Duration {
	left := r.Duration
	for _, part := range []time.Duration{r.Timing.Queue, r.Timing.Rate, r.Timing.Backoff, r.Timing.Breaker,
		r.Timing.DNS, r.Timing.Connect, r.Timing.TLS, r.Timing.FirstByte, r.Timing.Transfer} {
		if part != task.Unknown {
			left -= part
		}
	}
	return left
}

// tally counts the records that want is true of.
func (o *outcome) tally(want func(*task.Record) bool) int {
	n := 0
	for i := range o.records {
		if want(&o.records[i]) {
			n++
		}
	}
	return n
}

func (o *outcome) ok() int { return o.tally(func(r *task.Record) bool { return r.Outcome == task.OK }) }

// errorTypes counts the records by the type of their error, "" for none.
func (o *outcome) errorTypes() map[task.ErrorType]int {
	n := make(map[task.ErrorType]int)
	for _, r := range o.records {
		if r.Error == nil {
			n[""]++
		} else {
			n[r.Error.Type]++
		}
	}
	return n
}

// attempts adds up the attempts of the records whose URL begins with prefix.
func (o *outcome) attempts(prefix string) int {
	n := 0
	for _, r := range o.records {
		if strings.HasPrefix(r.URL, prefix) {
			n += r.Attempts
		}
	}
	return n
}

// allOK fails the test unless every task is ok and the exit status says so.
func (o *outcome) allOK(t *testing.T) {
	t.Helper()
	if n := o.ok(); n != len(o.records) || o.status != 0 {
		t.Errorf("%d of %d ok, exit status %d: %v\n%s", n, len(o.records), o.status, o.errorTypes(), tail(o.stderr))
	}
}

// tail is the end of a long text.
func tail(s string) string { return s[max(0, len(s)-2000):] }

// arrivals returns when the requests came to a listener.
func arrivals(server *faultserver.Server, listener string) []time.Time {
	var at []time.Time
	for _, r := range server.Log() {
		if r.Listener == listener {
			at = append(at, r.Time)
		}
	}
	return at
}

// between counts the times in [from, to).
func between(at []time.Time, from, to time.Time) int {
	n := 0
	for _, t := range at {
		if !t.Before(from) && t.Before(to) {
			n++
		}
	}
	return n
}
