//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/task"
	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

// spansIn reads a trace file.
func spansIn(t *testing.T, name string) []*tracepb.Span {
	t.Helper()
	resources, err := otlptest.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return otlptest.Flatten(resources)
}

// byName counts spans by their names.
func byName(spans []*tracepb.Span) map[string]int {
	n := make(map[string]int)
	for _, s := range spans {
		n[s.GetName()]++
	}
	return n
}

// Every way for a run to end leaves every span that ended in the trace file,
// below one root, and each record with the ids of a span that is there.
func TestTraceFile(t *testing.T) {
	for _, c := range []struct {
		name   string
		path   string // of task i; the last one's is /bug where a bug is planted
		args   []string
		signal syscall.Signal
		status int
	}{
		{"ended", "/status/200?%d", nil, 0, 0},
		{"failed", "/status/404?%d", nil, 0, 1},
		{"signal", "/slow/20?%d", nil, syscall.SIGTERM, 143},
		{"deadline", "/slow/20?%d", []string{"--deadline", "1"}, 0, 5},
		{"panic", "/ok?%d", nil, 0, 70},
		{"closed output", "/ok?%d", []string{"--results", "-"}, syscall.SIGPIPE, 141},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, 0)
			dir := t.TempDir()
			const tasks = 900 // fewer than get traces of their own
			writeLines(t, dir, tasks, func(i int) string {
				if c.status == 70 && i == tasks/2 {
					return server.URL(faultserver.Plain, "/bug")
				}
				return server.URL(faultserver.Plain, fmt.Sprintf(c.path, i))
			})
			p := prepared(t, dir, append([]string{"batch", "--file", "list.txt", "--results", "r.ndjson", "--trace-file", "spans.json"}, c.args...)...)
			if c.status == 70 {
				p.Args[0] = "specify-with-a-bug"
			}
			if c.signal == syscall.SIGPIPE {
				closed, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				closed.Close()
				defer w.Close()
				p.Stdout = w
			}
			p.launch(t)
			if c.signal == syscall.SIGTERM {
				results := filepath.Join(dir, "r.ndjson")
				eventually(t, "the first record", func() bool { info, err := os.Stat(results); return err == nil && info.Size() > 0 })
				p.signal(t, c.signal)
			}
			p.mustEnd(t, c.status, time.Minute)

			spans := spansIn(t, filepath.Join(dir, "spans.json"))
			known := make(map[string]bool)
			for _, s := range spans {
				known[hex.EncodeToString(s.GetSpanId())] = true
			}
			names := byName(spans)
			for _, s := range spans {
				if parent := hex.EncodeToString(s.GetParentSpanId()); (parent == "") != (s.GetName() == "specify batch") || parent != "" && !known[parent] {
					t.Fatalf("span %s has the parent %q", s.GetName(), parent)
				}
			}
			if c.signal == syscall.SIGPIPE {
				if names["specify batch"] != 1 || names["ops.Batch"] != 1 {
					t.Errorf("spans %v, want those of the command and the operation", names)
				}
				return
			}
			traced, attempts := 0, 0
			for _, r := range readRecords(t, filepath.Join(dir, "r.ndjson"), tasks) {
				attempts += r.Attempts
				if r.SpanID != "" {
					if traced++; !known[r.SpanID] {
						t.Errorf("the span of task %d is not in the file", r.Seq)
					}
				} else if strings.HasSuffix(r.URL, "/bug") {
					traced++ // its record is made anew, without the ids of the span
				} else if r.Outcome != task.Unfinished {
					t.Errorf("task %d (%s) has no span", r.Seq, r.Outcome)
				}
			}
			want := map[string]int{"specify batch": 1, "ops.Batch": 1, "task": traced, "GET": attempts}
			if diff := cmp.Diff(want, names); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
			t.Logf("%d spans of %d tasks and %d attempts", len(spans), traced, attempts)
		})
	}
}

// A trace file that cannot be opened ends the run before the first request, one
// that cannot be written any more is told of once and changes nothing.
func TestTraceFileInTrouble(t *testing.T) {
	server := serve(t, 0)
	list := lines(3000, server.URL(faultserver.Plain, "/status/200?%d"))
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "list.txt"), []byte(strings.Join(list, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	p := launch(t, dir, "batch", "--file", "list.txt", "--results", "r.ndjson", "--trace-file", "no/such/folder")
	p.mustEnd(t, 6, time.Minute)
	if want := "specify: error: trace file: open no/such/folder: no such file or directory\n"; p.stderr.String() != want {
		t.Errorf("stderr %q, want %q", p.stderr.String(), want)
	}
	if n := len(server.Log()); n != 0 {
		t.Errorf("%d requests", n)
	}
	if _, err := os.Stat(filepath.Join(dir, "r.ndjson")); err == nil {
		t.Error("there are results")
	}
	p = launch(t, dir, "exec", "--trace-file", "no/such/folder", "--", "true")
	p.mustEnd(t, 125, time.Minute)

	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full: a full disk is not tested")
	}
	o := batch(t, list, "--trace-file", "/dev/full")
	o.allOK(t)
	const want = "specify: warning: telemetry: 6002 of 6002 spans are not in the trace file: trace file: write /dev/full: no space left on device\n"
	if n := strings.Count(o.stderr, "trace file"); !strings.Contains(o.stderr, want) || n != 2 {
		t.Errorf("stderr %q, want one line %q", o.stderr, want)
	}
}

// A long list: a trace a task, linked to that of the run, every span in the
// file, and memory that does not grow with the list.
func TestTraceFileOfLongList(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }))
	t.Cleanup(server.Close)
	var peaks []int64
	for _, tasks := range scale([]int{2_000, 20_000}, []int{10_000, 1_000_000}) {
		dir := t.TempDir()
		writeLines(t, dir, tasks, func(i int) string { return fmt.Sprintf("%s/%d", server.URL, i) })
		p := launch(t, dir, "batch", "-s", "--file", "list.txt", "--results", "/dev/null", "--per-host", "32", "--trace-file", "spans.json")
		p.mustEnd(t, 0, 20*time.Minute)
		spans, linked := countSpans(t, filepath.Join(dir, "spans.json"))
		t.Logf("%d tasks: %d spans, %d links, %v, peak %d MiB", tasks, spans, linked, p.took.Round(time.Millisecond), p.peak())
		if spans != 2+2*tasks || linked != tasks {
			t.Errorf("%d spans and %d links, want %d and %d", spans, linked, 2+2*tasks, tasks)
		}
		peaks = append(peaks, p.peak())
	}
	if room := int64(24); peaks[1] > peaks[0]+room {
		t.Errorf("peaks of %v MiB: memory grows with the list", peaks)
	}
}

// countSpans counts in a file that is too long to be read whole.
func countSpans(t *testing.T, name string) (spans, links int) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for r := bufio.NewReaderSize(f, 1<<20); ; {
		line, err := r.ReadBytes('\n')
		if len(line) == 0 {
			return spans, links
		}
		if err != nil {
			t.Fatalf("a torn line: %v", err)
		}
		spans += bytes.Count(line, []byte(`"startTimeUnixNano":`))
		links += bytes.Count(line, []byte(`"links":[{`))
	}
}
