package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// soakMix is what a thousand tasks of the soak consist of.
var soakMix = []struct {
	name, origin string
	of1000       int
	path         string
	ok           bool
}{
	{"slow", "origin3", 20, "/slow/30?%d", true},
	{"flaky", "origin4", 20, "/flaky/1/%d", true},
	{"cut", "origin4", 5, "/cut-then-ok/1/%d?size=3000", true},
	{"redirected", "origin2", 10, "/redirect/302?to=@origin1/ok&%d", true},
	{"broken length", "origin1", 3, "/cl-short?%d", false},
	{"broken chunks", "origin2", 3, "/chunk-cut?%d", false},
	{"broken gzip", "origin5", 3, "/gzip-bad-sum?%d", false},
	{"missing", "origin2", 5, "/status/404?%d", false},
	{"dead", "refused", 3, "/x?%d", false},
	{"gzip", "origin2", 30, "/gzip?%d", true},
	{"over TLS", "tls", 50, "/ok?%d", true},
	{"over HTTP/2", "h2", 50, "/ok?%d", true},
	{"large", "origin1", 5, "/bytes/300000?%d", true},
	{"good", "origin1", 793, "/ok?%d", true},
}

// soakLine is the i-th line of the list, and whether it is to end ok. Of each
// 20,000 one is throttled.
func soakLine(s *remote, i int) (line string, ok bool) {
	if i%20_000 == 19_999 {
		return fmt.Sprintf("%s/throttle/%d?after=1", s.urls["origin8"], i), true
	}
	at := i * 7919 % 1000
	for _, m := range soakMix {
		if at -= m.of1000; at < 0 {
			return s.urls[m.origin] + fmt.Sprintf(m.path, i), m.ok
		}
	}
	panic("soakMix has no thousand")
}

// A long run of everything at once: the counts are those of the list, and
// descriptors, goroutines, threads and memory do not grow. "make soak" runs it.
func TestSoak(t *testing.T) {
	// In a long run chance has it that broken URLs are asked for in a row and open
	// a breaker, and that a probe meets one: only rounds of them give an origin up.
	tasks, cooldown := 20_000, "500ms"
	if n := os.Getenv("SPECIFY_SOAK"); n != "" {
		cooldown = "8s"
		var err error
		if tasks, err = strconv.Atoi(n); err != nil {
			t.Fatal(err)
		}
	} else if testing.Short() || raced {
		tasks = 4000
	}
	server, dir := serveApart(t), t.TempDir()
	failing := 0
	list := writeLines(t, dir, tasks, func(i int) string {
		line, ok := soakLine(server, i)
		if !ok {
			failing++
		}
		return line
	})
	p := prepared(t, dir, "batch", "--file", list, "--results", "out.ndjson", "--retry-delay", "50ms", "--breaker-cooldown", cooldown, "-s")
	p.Args[0] = "specify-counted"
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), server.ca(t), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Env = append(p.Env, "SSL_CERT_FILE=ca.pem")
	p.launch(t)
	samples := sample(p)
	p.mustEnd(t, 1, 30*time.Minute)
	all := samples()
	ok, failed, why := countOutcomes(t, filepath.Join(dir, "out.ndjson"), tasks)
	if failed != failing || ok != tasks-failing {
		t.Errorf("%d ok and %d failed, want %d and %d; the failures: %v", ok, failed, tasks-failing, failing, why)
	}
	all["goroutines"] = counted(t, filepath.Join(dir, "goroutines"))
	t.Logf("%d tasks in %v (%.0f/s, %v of CPU): %d ok, %d failed, %d requests", tasks, p.took.Round(time.Millisecond),
		float64(tasks)/p.took.Seconds(), p.cpu().Round(time.Millisecond), ok, failed, server.requests(t))
	for _, name := range []string{"descriptors", "goroutines", "threads", "MiB"} {
		grown(t, name, all[name])
	}
}

// grown fails the test when a series goes on growing: when its last third is
// above the second by more than a fifth and what may come and go.
func grown(t *testing.T, name string, series []int) {
	t.Helper()
	if len(series) < 6 {
		t.Logf("%s: too short a run to tell: %v", name, series)
		return
	}
	most := func(part []int) (m int) {
		for _, n := range part {
			m = max(m, n)
		}
		return m
	}
	third := len(series) / 3
	first, second, last := most(series[:third]), most(series[third:2*third]), most(series[2*third:])
	t.Logf("%-12s at most %d, %d, %d in the thirds of the run", name, first, second, last)
	if slack := map[string]int{"descriptors": 64, "goroutines": 200, "threads": 10, "MiB": 20}[name]; last > max(first, second)*6/5+slack {
		t.Errorf("%s grow: %v", name, series)
	}
}

// sample watches a program and returns a function that waits for its end and
// gives what was seen of it, every half a second.
func sample(p *running) func() map[string][]int {
	done := make(chan map[string][]int, 1)
	go func() { // ends with the program
		all := make(map[string][]int)
		proc := fmt.Sprintf("/proc/%d/", p.Process.Pid)
		for {
			status, err := os.ReadFile(proc + "status")
			fds, fdErr := os.ReadDir(proc + "fd")
			kib, alive := field(status, "VmRSS:")
			if err != nil || fdErr != nil || !alive { // it is gone, or a zombie
				done <- all
				return
			}
			threads, _ := field(status, "Threads:")
			all["MiB"] = append(all["MiB"], kib>>10)
			all["threads"] = append(all["threads"], threads)
			all["descriptors"] = append(all["descriptors"], len(fds))
			time.Sleep(500 * time.Millisecond)
		}
	}()
	return func() map[string][]int { return <-done }
}

// field is a number in /proc/PID/status.
func field(status []byte, name string) (n int, found bool) {
	_, text, found := bytes.Cut(status, []byte(name))
	if !found {
		return 0, false
	}
	_, err := fmt.Sscan(string(text[:min(len(text), 40)]), &n)
	return n, err == nil
}

// counted reads what countedMain has written.
func counted(t *testing.T, name string) (series []int) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		n, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		series = append(series, n)
	}
	return series
}

// countOutcomes reads a results file of tasks, which must have one record of each.
// why counts the failures by type and message, numbers aside.
func countOutcomes(t *testing.T, name string, tasks int) (ok, failed int, why map[string]int) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	why = make(map[string]int)
	seen, digits := make([]bool, tasks), regexp.MustCompile("[0-9]+")
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r struct {
			Seq     int
			Outcome string
			Error   *task.Error
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if seen[r.Seq] {
			t.Fatalf("two records of task %d", r.Seq)
		}
		seen[r.Seq] = true
		switch r.Outcome {
		case "ok":
			ok++
		case "failed":
			failed++
			why[string(r.Error.Type)+": "+digits.ReplaceAllString(r.Error.Message, "N")]++
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return ok, failed, why
}
