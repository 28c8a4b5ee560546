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
)

// The program, or the server, is stopped for longer than the read timeout, by
// SIGSTOP as a debugger or a suspended machine would: nothing is lost, nothing
// is made up, and no storm follows.
func TestSuspended(t *testing.T) {
	const tasks = 600
	pause := scale(3*time.Second, 10*time.Second)
	for _, c := range []struct {
		name    string
		timeout string
		server  bool // it is the one that is stopped
	}{
		{"program", "1s", false},
		{"server", "1s", true},
		{"server, patiently", "30s", true},
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
			p := launch(t, dir, "batch", "--file", list, "--results", "out.ndjson", "--inline-body", "--read-timeout", c.timeout,
				"--retry", "8", "--retry-delay", "300ms", "--breaker-cooldown", "2s", "-v")
			time.Sleep(700 * time.Millisecond)
			process := p.Process
			if c.server {
				process = server.Process
			}
			suspend(t, process, pause)
			p.mustEnd(t, 0, 3*time.Minute)
			j := readLedger(t, filepath.Join(dir, "out.ndjson"))
			j.want(t, tasks, tasks, 0)
			if j.lines != tasks {
				t.Errorf("%d records of %d tasks", j.lines, tasks)
			}
			retried := 0
			for _, r := range j.newest {
				retried += r.Attempts - 1
				if want := asServed(r.Seq); string(r.Body) != want {
					t.Errorf("%s: body %s, want %s", r.URL, r.Body, want)
				}
			}
			requests := server.requests(t)
			t.Logf("stopped for %v: %v, %d requests for %d tasks, %d retries", pause, p.took.Round(time.Millisecond), requests, tasks, retried)
			if requests > tasks+retried+1 || retried > 100 || c.timeout == "30s" && retried > 0 {
				t.Errorf("%d requests, %d retries; stderr:\n%s", requests, retried, clip(p))
			}
		})
	}
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
