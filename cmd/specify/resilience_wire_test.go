package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/task"
)

// trusting runs batch with the server's authority as the only one.
func trusting(t *testing.T, server *faultserver.Server, list []string, args ...string) outcome {
	t.Helper()
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, server.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return batchIn(t, dir, []string{"SSL_CERT_FILE=" + ca}, os.Args[0], list, args...)
}

// An HTTP/2 server that gives every request back would be asked again and again
// below the retries: what it sees stays within what they allow, and one more.
func TestHTTP2StormsStayBounded(t *testing.T) {
	paths := []string{"/h2-goaway", "/h2-refused", "/h2-goaway-calm", "/h2-rst-at-once", "/h2-rst-cancel", "/h2-close-in-body", "/h2-reset-in-body"}
	if testing.Short() {
		paths = paths[:2]
	}
	for _, path := range paths {
		t.Run(path[1:], func(t *testing.T) {
			t.Parallel()
			const tasks, attempts = 3, 4
			server := serve(t, 0)
			list := lines(tasks, server.URL(faultserver.H2Raw, path+"?%d"))
			// One at a time, so that what each task costs can be told.
			o := trusting(t, server, list, "--retry-delay", "10ms", "--breaker-failures", "0", "--jobs", "1", "--read-timeout", "5s")
			perTask := make(map[string]int)
			for _, r := range server.Log() {
				perTask[r.Query]++
			}
			most := 0
			for _, n := range perTask {
				most = max(most, n)
			}
			t.Logf("%d requests for %d tasks of %d attempts, at most %d for one, in %v: %v", server.Stats().Requests, tasks, attempts, most, o.took.Round(time.Millisecond), o.errorTypes())
			if o.ok() > 0 {
				t.Errorf("%d ok", o.ok())
			}
			for i, r := range o.records {
				if n := perTask[fmt.Sprint(i)]; r.Attempts > attempts || n > r.Attempts+1 {
					t.Errorf("task %d: %d requests for %d attempts", i, n, r.Attempts)
				}
			}
		})
	}
}

// The same on many at once, with the breaker at work: no storm either.
func TestHTTP2StormMeetsTheBreaker(t *testing.T) {
	server := serve(t, 0)
	o := trusting(t, server, lines(500, server.URL(faultserver.H2Raw, "/h2-goaway?%d")), "--retry-delay", "100ms", "--breaker-cooldown", "1s")
	n := server.Stats().Requests
	t.Logf("%d requests for 500 tasks, %d attempts, in %v: %v", n, o.attempts(""), o.took.Round(time.Millisecond), o.errorTypes())
	if o.ok() > 0 || n > 60 {
		t.Errorf("%d requests, %d ok", n, o.ok())
	}
}

// Connections that the server closes while they are idle, with or without a
// word, are no failures: no attempt is lost to them.
func TestKeepAliveClosedUnderUs(t *testing.T) {
	paths := []string{"/stale", "/stale-reset", "/close-after", "/close-unannounced", "/reset-unannounced", "/idle-408"}
	for _, listener := range []string{faultserver.Plain, faultserver.TLS} {
		t.Run(listener, func(t *testing.T) {
			server := serve(t, 0)
			var list []string
			for i := range 50 {
				for _, path := range paths {
					list = append(list, server.URL(listener, fmt.Sprintf("%s?%d", path, i)))
				}
			}
			o := trusting(t, server, list)
			o.allOK(t)
			stats := server.Stats()
			retried := 0
			for _, r := range o.records {
				retried += len(r.Retries)
			}
			t.Logf("%d of %d ok, %d retries, %d requests over %d connections", o.ok(), len(list), retried, stats.Requests, stats.Connections)
			if retried > 0 || stats.Requests > 2*len(list) {
				t.Errorf("%d retries, %d requests", retried, stats.Requests)
			}
		})
	}
}

// What one task's server does to a connection is not felt by the task that
// would have used it next.
func TestBrokenConnectionsAreNotFelt(t *testing.T) {
	server := serve(t, 0)
	var list []string
	bad := []string{"/reset-in-body", "/cl-short", "/gzip-cut", "/stale", "/extra-response", "/chunk-bad-size", "/status/503", "/head-stall"}
	for i := range 100 {
		list = append(list, server.URL(faultserver.Plain, bad[i%len(bad)]), server.URL(faultserver.Plain, fmt.Sprintf("/hash/100/%d", i)))
	}
	o := batch(t, list, "--retry", "0", "--breaker-failures", "0", "--read-timeout", "200ms")
	lost := 0
	for i, r := range o.records {
		if i%2 == 1 && (r.Outcome != task.OK || r.Bytes != 64) {
			lost++
			t.Errorf("%s: %s with %d bytes: %v", r.URL, r.Outcome, r.Bytes, r.Error)
		}
	}
	t.Logf("%d good tasks between %d bad ones, of %d kinds: %d harmed", len(list)/2, len(list)/2, len(bad), lost)
}
