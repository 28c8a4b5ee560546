//go:build unix

package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/task"
	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

// said is what a run has told of each task, without what no two runs share.
type said struct {
	seq      int64
	outcome  task.Outcome
	path     string
	status   int
	attempts int
	bytes    int64
	err      task.ErrorType
}

// smallWorld runs a batch of good, bad and flaky URLs with an environment.
func smallWorld(t *testing.T, env ...string) (*running, []said) {
	t.Helper()
	server := serve(t, 0)
	dir := t.TempDir()
	const tasks = 60
	writeLines(t, dir, tasks, func(i int) string {
		path := "/status/200?%d"
		switch i % 20 {
		case 3:
			path = "/status/404?%d"
		case 7:
			path = "/flaky/1/x%d"
		}
		return server.URL(faultserver.Plain, fmt.Sprintf(path, i))
	})
	p := prepared(t, dir, "batch", "-s", "--file", "list.txt", "--results", "r.ndjson", "--retry-delay", "1ms")
	p.Env = append(append(p.Env, hasty), env...)
	p.launch(t)
	p.mustEnd(t, 1, time.Minute)
	var all []said
	for _, r := range readRecords(t, filepath.Join(dir, "r.ndjson"), tasks) {
		_, path, _ := strings.Cut(strings.TrimPrefix(r.URL, "http://"), "/")
		one := said{r.Seq, r.Outcome, path, r.Status, r.Attempts, r.Bytes, ""}
		if r.Error != nil {
			one.err = r.Error.Type
		}
		all = append(all, one)
	}
	return p, all
}

var compareSaid = cmp.AllowUnexported(said{})

// lossLine is what a person is told of spans that did not arrive.
var lossLine = regexp.MustCompile(`(?m)^specify: warning: telemetry: (\d+) of (\d+) spans did not reach the collector(, the metrics did not reach the collector)?: .+$`)

// lossOf takes the figures out of the one line about telemetry.
func lossOf(t *testing.T, stderr string) (lost, ended int) {
	t.Helper()
	found := lossLine.FindAllStringSubmatch(stderr, -1)
	if len(found) != 1 || strings.Count(stderr, "telemetry") != 1 {
		t.Fatalf("stderr %q, want one line that matches %v", stderr, lossLine)
	}
	lost, _ = strconv.Atoi(found[0][1]) // they are digits
	ended, _ = strconv.Atoi(found[0][2])
	return lost, ended
}

// A collector may do what it likes: the records and the exit status are those
// of a run without one, the exit is a second later at most, memory is bounded,
// and one line on standard error counts what was lost, which is all.
func TestBadCollectors(t *testing.T) {
	plain, want := smallWorld(t)
	for _, bad := range otlptest.Bad {
		t.Run(bad.Name, func(t *testing.T) {
			t.Parallel()
			p, got := smallWorld(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+bad.Start(t))
			if diff := cmp.Diff(want, got, compareSaid); diff != "" {
				t.Errorf("records (-without +with a collector):\n%s", diff)
			}
			if limit := plain.took + time.Second + 1500*time.Millisecond; p.took > limit { // the rest is for a busy machine
				t.Errorf("took %v, %v without a collector", p.took, plain.took)
			}
			if limit := plain.peak() + 60; p.peak() > limit {
				t.Errorf("%d MiB at its peak, %d without a collector", p.peak(), plain.peak())
			}
			lost, ended := lossOf(t, p.stderr.String())
			if lines := strings.Count(p.stderr.String(), "\n"); lines != 1+3 { // and three failed tasks
				t.Errorf("%d lines on stderr: %s", lines, clip(p))
			}
			if want := 2 + 60 + 63; lost != want || ended != want { // command, operation; tasks; attempts
				t.Errorf("lost %d of %d spans, want %d", lost, ended, want)
			}
			t.Logf("%v (%v without), %d MiB (%d): %s", p.took.Round(time.Millisecond), plain.took.Round(time.Millisecond), p.peak(), plain.peak(), lossLine.FindString(p.stderr.String()))
		})
	}
}

// What arrives and what is told to be lost add up, to the span, at a collector
// that refuses some batches and is slow over others.
func TestLostSpansAreCounted(t *testing.T) {
	slow := func(d time.Duration) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(d)
			w.WriteHeader(http.StatusBadRequest)
		}
	}
	for _, c := range []struct {
		name   string
		script []http.HandlerFunc
		env    []string
	}{
		{"refuses two batches", []http.HandlerFunc{otlptest.Status(400), otlptest.Status(401)}, nil},
		{"rejects seven spans", []http.HandlerFunc{otlptest.Reject(7)}, []string{"OTEL_BSP_SCHEDULE_DELAY=5000"}}, // so that the batch is full
		{"slow, and the queue is short", []http.HandlerFunc{slow(300 * time.Millisecond)}, []string{"OTEL_BSP_MAX_QUEUE_SIZE=30"}},
		{"never answers the last", []http.HandlerFunc{slow(0), slow(0), slow(2 * time.Second)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			receiver := otlptest.NewReceiver(t)
			receiver.Script(c.script...)
			env := append([]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT=" + receiver.URL(), "OTEL_METRICS_EXPORTER=none",
				"OTEL_BSP_MAX_EXPORT_BATCH_SIZE=10", "OTEL_BSP_SCHEDULE_DELAY=10",
			}, c.env...)
			p, _ := smallWorld(t, env...)
			lost, ended := lossOf(t, p.stderr.String())
			arrived := len(receiver.Spans())
			if c.name == "rejects seven spans" { // of a scripted batch, of whatever size, nothing is kept
				arrived = ended - 7
			}
			if ended != 125 || lost == 0 || lost != ended-arrived {
				t.Errorf("%d of %d spans lost, %d arrived", lost, ended, arrived)
			}
			t.Logf("%d of %d lost, %d arrived", lost, ended, arrived)
		})
	}
}

// Failed and slow tasks are exported whatever the sampling ratio.
func TestFailuresAreKept(t *testing.T) {
	receiver := otlptest.NewReceiver(t)
	p, _ := smallWorld(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+receiver.URL(), "OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0")
	if strings.Contains(p.stderr.String(), "telemetry") {
		t.Error(clip(p))
	}
	// Three tasks failed; the three flaky ones had an attempt that failed.
	want := "specify batch ERROR\n  ops.Batch\n"
	got := otlptest.Tree(receiver.Spans())
	if names := byName(receiver.Spans()); names["task"] != 6 || names["GET"] != 9 || !strings.HasPrefix(got, want) {
		t.Errorf("kept, of a ratio of 0:\n%s", got)
	}
}
