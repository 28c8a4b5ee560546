package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/faultserver"
)

// HTTP/2 frames that mean nothing, without end, are no progress: each attempt
// is over at its read timeout, the server sees the attempts and at most one
// request more, and memory does not grow with what it sends.
func TestHTTP2FloodsEnd(t *testing.T) {
	paths := []string{
		"/h2-settings-endless", "/h2-ping-endless", "/h2-empty-data-endless", "/h2-priority-endless", "/h2-rst-endless",
		"/h2-no-streams", "/h2-continuation-flood", "/h2-hpack-bomb", "/h2-interim-flood", "/h2-goaway", "/h2-refused",
	}
	for _, path := range paths {
		t.Run(path[1:], func(t *testing.T) {
			t.Parallel()
			const tasks, attempts, timeout = 3, 2, 700 * time.Millisecond
			server, dir := serve(t, 0), t.TempDir()
			ca := filepath.Join(dir, "ca.pem")
			if err := os.WriteFile(ca, server.CAPEM(), 0o600); err != nil {
				t.Fatal(err)
			}
			writeLines(t, dir, tasks, func(i int) string { return server.URL(faultserver.H2Raw, fmt.Sprintf("%s?%d", path, i)) })
			p := prepared(t, dir, "batch", "--file", "list.txt", "--results", "r.ndjson", "--retry", fmt.Sprint(attempts-1), "--retry-delay", "10ms",
				"--breaker-failures", "0", "--jobs", "1", "--read-timeout", timeout.String())
			p.Env = append(p.Env, "SSL_CERT_FILE="+ca)
			p.launch(t)
			peak := highWater(p)
			status := p.end(t, time.Minute)
			most := peak()
			seen := make(map[string]int)
			for _, r := range server.Log() {
				seen[r.Query]++
			}
			records := readRecords(t, filepath.Join(dir, "r.ndjson"), tasks)
			for i, r := range records {
				if r.Error == nil || r.Attempts > attempts || seen[fmt.Sprint(i)] > r.Attempts+1 {
					t.Errorf("task %d: %d requests for %d attempts: %v", i, seen[fmt.Sprint(i)], r.Attempts, r.Error)
				}
			}
			t.Logf("%d tasks in %v: %d requests, %s, %d MiB at its peak", tasks, p.took.Round(time.Millisecond), server.Stats().Requests, records[0].Error.Type, most)
			if limit := tasks*attempts*(timeout+500*time.Millisecond) + 5*time.Second; p.took > limit {
				t.Errorf("took %v, more than %v", p.took, limit)
			}
			if limit := map[bool]int64{false: 80, true: 400}[raced]; status == 0 || most > limit {
				t.Errorf("exit status %d, %d MiB at its peak, at most %d are right", status, most, limit)
			}
		})
	}
}
