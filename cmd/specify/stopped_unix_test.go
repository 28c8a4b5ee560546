//go:build unix

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/task"
)

// The program, or the server, is stopped for longer than the read timeout, by
// SIGSTOP as a debugger or a suspended machine would: nothing is lost, nothing
// is made up, and no storm follows. A server that is away for longer than the
// breaker's cooldowns last is given up: then each record says so, and a run
// with --resume completes the list.
func TestSuspended(t *testing.T) {
	const tasks = 600
	pause := scale(3*time.Second, 10*time.Second)
	for _, c := range []struct {
		name              string
		timeout, cooldown string
		server            bool // it is the one that is stopped
		pause             time.Duration
		givenUp           bool
	}{
		{"program", "1s", "2s", false, pause, false},
		{"server", "1s", "60s", true, pause, false},
		{"server, patiently", "30s", "2s", true, pause, false},
		{"server, for too long", "1s", "1s", true, max(pause, 8*time.Second), true}, // given up 3 s after the stop: timeout, cooldown, probe
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server, dir := serveApart(t), t.TempDir()
			// The hash of what the server makes of the number: nothing else is true.
			list := writeLines(t, dir, tasks, func(i int) string {
				if i%2 == 0 {
					return fmt.Sprintf("%s/slow/20?%d", server.urls[faultserver.Plain], i)
				}
				return fmt.Sprintf("%s/hash/1000/%d", server.urls["origin1"], i)
			})
			args := []string{"batch", "--file", list, "--results", "out.ndjson", "--inline-body", "--read-timeout", c.timeout,
				"--retry", "8", "--retry-delay", "300ms", "--breaker-cooldown", c.cooldown, "-v"}
			p := launch(t, dir, args...)
			time.Sleep(700 * time.Millisecond)
			process := p.Process
			if c.server {
				process = server.Process
			}
			suspend(t, process, c.pause)
			p.mustEnd(t, map[bool]int{true: 1}[c.givenUp], 3*time.Minute)
			j := readLedger(t, filepath.Join(dir, "out.ndjson"))
			failed := j.count(task.Failed)
			j.want(t, tasks, tasks-failed, 0)
			if j.lines != tasks || failed > 0 != c.givenUp {
				t.Errorf("%d records of %d tasks, %d failed", j.lines, tasks, failed)
			}
			attempts, retried := trueToServer(t, j)
			requests := server.requests(t)
			t.Logf("stopped for %v: %v, %d requests for %d tasks, %d retries, %d failed", c.pause, p.took.Round(time.Millisecond), requests, tasks, retried, failed)
			if requests > attempts+1 || retried > 100 || c.timeout == "30s" && retried > 0 {
				t.Errorf("%d requests in %d attempts, %d retries; stderr:\n%s", requests, attempts, retried, clip(p))
			}
			if !c.givenUp {
				return
			}
			launchAndEnd(t, dir, 0, append(args, "--resume")...)
			j = readLedger(t, filepath.Join(dir, "out.ndjson"))
			j.want(t, tasks, tasks, 0)
			trueToServer(t, j)
			if j.lines != tasks+failed {
				t.Errorf("%d records after going on with %d of %d tasks", j.lines, failed, tasks)
			}
		})
	}
}

// trueToServer fails the test for a record that tells anything but what the
// server has sent, or that it was silent and therefore given up. It returns how
// many attempts the records tell of, and how many of them were retries.
func trueToServer(t *testing.T, j ledger) (attempts, retries int) {
	t.Helper()
	for _, r := range j.newest {
		attempts += r.Attempts
		retries += max(0, r.Attempts-1)
		switch want := asServed(r.Seq); {
		case r.Error != nil && r.Body == nil && (r.Error.Type == task.ErrCircuitOpen || r.Error.Type == task.ErrTimeoutRead && r.Attempts > 0):
		case r.Error != nil:
			t.Errorf("%s: %s after %d attempts: %v, body %s", r.URL, r.Error.Type, r.Attempts, r.Error, r.Body)
		case string(r.Body) != want:
			t.Errorf("%s: body %s, want %s", r.URL, r.Body, want)
		}
	}
	return attempts, retries
}

// asServed is the body of a task's URL, as a record has it.
func asServed(seq int64) string {
	if seq%2 == 0 {
		return `"ok\n"`
	}
	sum := sha256.New()
	_, _ = io.Copy(sum, faultserver.Content(fmt.Sprint(seq), 1000)) // neither side can fail
	return fmt.Sprintf("%q", hex.EncodeToString(sum.Sum(nil)))
}

// suspend stops a process for a while.
func suspend(t *testing.T, p *os.Process, d time.Duration) {
	t.Helper()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(d)
	if err := p.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}
