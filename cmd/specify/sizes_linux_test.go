package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/task"
)

// sizeAttacks are the behaviours whose aim is memory: sizes and floods.
func sizeAttacks() (all []faultserver.Behaviour) {
	for _, b := range faultserver.Behaviours() {
		for _, word := range []string{"huge", "endless", "flood", "bomb", "many", "long", "growing", "100k", "too-large", "overflow", "chunk-tiny"} {
			if strings.Contains(b.Name, word) && b.Method == "GET" && !strings.Contains(b.Name, "retry-after") {
				all = append(all, b)
				break
			}
		}
	}
	return all
}

// All attacks on memory at once, 64 at a time, each many times over, cost less
// than 512 MiB: whatever is done with the bodies.
func TestSizeAttacks(t *testing.T) {
	server := serveApart(t)
	var list []string
	for i := range scale(2, 8) {
		for _, b := range sizeAttacks() {
			origin := b.Listener
			if origin == faultserver.Plain { // several, so that what one does to its limit is not felt by all
				origin = fmt.Sprintf("origin%d", i%8+1)
			}
			list = append(list, server.urls[origin]+b.Path)
		}
	}
	for _, c := range []struct {
		name string
		args []string
	}{
		{"outputs", []string{"--output-dir", "out"}},
		{"bodies in records", []string{"--inline-body", "--inline-max", "1M"}},
		{"reports", []string{"--report", "html=r.html", "--report", "junit=r.xml", "--report", "md=r.md"}},
		{"cache", []string{"--cache", "cache"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			ca := filepath.Join(dir, "ca.pem")
			if err := os.WriteFile(ca, server.ca(t), 0o600); err != nil {
				t.Fatal(err)
			}
			// The same URL twice is for one output: the query tells them apart.
			writeLines(t, dir, len(list), func(i int) string { return unique(list[i], i) })
			p := prepared(t, dir, append([]string{"batch", "--file", "list.txt", "--results", "r.ndjson", "--jobs", "64", "--per-host", "64",
				"--retry", "0", "--breaker-failures", "0", "--read-timeout", "1s", "--max-filesize", "100M"}, c.args...)...)
			p.Env = append(p.Env, "SSL_CERT_FILE="+ca)
			p.launch(t)
			peak := highWater(p)
			p.mustEnd(t, 1, 5*time.Minute)
			most := peak()
			j := readLedger(t, filepath.Join(dir, "r.ndjson"))
			kinds := make(map[task.ErrorType]int)
			for _, r := range j.newest {
				if r.Error != nil {
					kinds[r.Error.Type]++
				}
			}
			t.Logf("%d tasks of %d kinds in %v: %d MiB at its peak, %d ok, %v",
				len(list), len(sizeAttacks()), p.took.Round(time.Millisecond), most, j.count(task.OK), kinds)
			if len(j.newest) != len(list) || kinds[task.ErrBadResponse] == 0 || j.count(task.OK) == 0 {
				t.Errorf("%d records of %d tasks, %d ok, %v", len(j.newest), len(list), j.count(task.OK), kinds)
			}
			if limit := map[bool]int64{false: 512, true: 1500}[raced]; most > limit {
				t.Errorf("%d MiB at its peak, more than %d", most, limit)
			}
		})
	}
}
