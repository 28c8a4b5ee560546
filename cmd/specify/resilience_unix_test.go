//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// Too few file descriptors for --jobs slow a run down and fail nothing.
func TestFewDescriptors(t *testing.T) {
	tasks := 5000
	if testing.Short() {
		tasks = 1000
	}
	for _, origins := range []int{1, 8} {
		t.Run(fmt.Sprintf("origins=%d", origins), func(t *testing.T) {
			server := serve(t, origins)
			var list []string
			for i := range tasks {
				list = append(list, server.URL(fmt.Sprintf("origin%d", i%origins+1), fmt.Sprintf("/slow/5?%d", i)))
			}
			o := limited(t, 128, list, "--jobs", "1000", "--per-host", "1000")
			o.allOK(t)
			stats := server.Stats()
			again := o.tally(func(r *task.Record) bool { return r.Attempts != 1 })
			t.Logf("%d of %d ok in %v with 128 descriptors and --jobs 1000: %d requests, %d at once, %d connections; %d tasks took more than one attempt",
				o.ok(), tasks, o.took.Round(time.Millisecond), stats.Requests, stats.InFlightMax, stats.Connections, again)
			if stats.Requests != tasks || again > 0 {
				t.Errorf("%d requests, %d tasks with more than one attempt", stats.Requests, again)
			}
			if strings.Contains(o.stderr, "breaker of") {
				t.Errorf("an origin was blamed:\n%s", tail(o.stderr))
			}
		})
	}
}

// limited is batch with so many file descriptors.
func limited(t *testing.T, descriptors int, list []string, args ...string) outcome {
	t.Helper()
	dir := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(dir, "specify")); err != nil { // TestMain goes by the name
		t.Fatal(err)
	}
	shell := filepath.Join(dir, "limited.sh")
	script := fmt.Sprintf("#!/bin/sh\nulimit -n %d || exit 99\nexec ./specify \"$@\"\n", descriptors)
	if err := os.WriteFile(shell, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return batchIn(t, dir, nil, shell, list, args...)
}
