package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/task"
)

// A Brief tells of a run what Collect tells of it, the quantiles of
// origins apart.
func TestBriefAgrees(t *testing.T) {
	const tasks = 2000
	b, c := NewBrief(tasks), NewCollector()
	for rec := range simulated(tasks) {
		b.Add(&rec)
		c.Add(&rec)
	}
	brief, full := b.Report(), c.Report()
	for _, o := range full.Origins {
		o.Latency = Quantiles{}
	}
	for _, row := range append(full.Failures, brief.Failures...) {
		row.Origin = 0
	}
	full.Rows, full.Latencies, full.Throughput = nil, nil, Throughput{}
	if diff := cmp.Diff(full, brief); diff != "" {
		t.Errorf("-full +brief:\n%s", diff)
	}
	name, why := b.Slowest()
	if want := full.slowest(); name != want.Name || why != want.Why() {
		t.Errorf("slowest %s (%s), want %s (%s)", name, why, want.Name, want.Why())
	}
}

// Fifty thousand origins leave a bounded table, which still has the slowest.
func TestBriefIsBounded(t *testing.T) {
	b := NewBrief(3)
	rec := task.NewRecord(&task.Task{})
	rec.Outcome, rec.Attempts, rec.Error = task.Failed, 1, &task.Error{Type: "500", Message: "500"}
	for i := range 50_000 {
		rec.URL = fmt.Sprintf("http://h%d.example/x", i)
		rec.Timing.FirstByte = time.Millisecond
		if i%10_000 == 0 {
			rec.URL = "HTTP://slow.example:80/" + rec.URL
			rec.Timing.FirstByte, rec.Timing.Backoff = time.Second, 3*time.Second
		}
		rec.Duration = rec.Timing.FirstByte + rec.Timing.Backoff
		b.Add(&rec)
		rec.Timing.Backoff = 0
	}
	if n := len(b.origins.named) + len(b.origins.spelt); n > 2*mostOrigins {
		t.Errorf("%d entries", n)
	}
	if name, why := b.Slowest(); name != "http://slow.example" || why != "75% waiting on Retry-After" {
		t.Errorf("slowest %q (%s)", name, why)
	}
	r := b.Report()
	if len(r.Failures) != 3 || r.Totals.Failed != 50_000 {
		t.Errorf("%d failures kept of %d", len(r.Failures), r.Totals.Failed)
	}
	var md, notes strings.Builder
	if err := WriteMarkdown(&md, r); err != nil || !strings.Contains(md.String(), "\n49,997 more failures left out here.") {
		t.Errorf("%v in\n%.2000s", err, md.String())
	}
	if err := Annotations(&notes, r); err != nil || !strings.HasSuffix(notes.String(), "::49,997 more failures\n") || strings.Count(notes.String(), "\n") != 4 {
		t.Errorf("%v in\n%s", err, notes.String())
	}
}

// A URL cannot make the table keep long strings.
func TestBeforePath(t *testing.T) {
	long := strings.Repeat("a", 1<<20)
	for _, c := range []struct{ url, want string }{
		{"https://h:1/p?q", "https://h:1"}, {"https://h?x=://", "https://h"}, {"https://h", "https://h"}, {"", ""},
		{"http://" + long, "h"}, {long, "a"}, {long + "://h/", "a"}, {"://", "://"},
	} {
		if got := beforePath(c.url); got != c.want {
			t.Errorf("%.20q: %.20q, want %q", c.url, got, c.want)
		}
	}
}

func TestFailureInALog(t *testing.T) {
	for _, c := range []struct {
		name string
		rec  task.Record
		want string
	}{
		{"waiting on Retry-After", task.Record{
			Attempts: 4, Duration: 7410 * time.Millisecond, Error: &task.Error{Message: "503 Service Unavailable after 4 attempts"},
			Timing:  task.Timing{Backoff: 6100 * time.Millisecond},
			Retries: []task.Retry{{Wait: 2 * time.Second, Reason: "retry_after"}, {Wait: 4100 * time.Millisecond, Reason: "retry_after"}},
		}, "503 Service Unavailable after 4 attempts in 7.4s (6.1s waiting on Retry-After)"},
		{"behind a pause of the origin", task.Record{
			Attempts: 1, Duration: 3 * time.Second, Error: &task.Error{Message: "404 Not Found"}, Timing: task.Timing{Backoff: 2900 * time.Millisecond},
		}, "404 Not Found in 3.0s (2.9s waiting on Retry-After)"},
		{"behind an open breaker", task.Record{
			Duration: 2 * time.Minute, Error: &task.Error{Message: "the origin is down"}, Timing: task.Timing{Breaker: 119 * time.Second, Backoff: time.Second},
		}, "the origin is down in 2m00s (1m59s waiting for an open breaker)"},
		{"at once", task.Record{Attempts: 1, Duration: 14 * time.Millisecond, Error: &task.Error{Message: "404 Not Found"}, Timing: task.Timing{Queue: 13 * time.Millisecond}},
			"404 Not Found in 14ms"},
		{"before anything", task.Record{Duration: time.Millisecond, Error: &task.Error{Message: "no\nsuch ##[thing]\x1b"}}, `no such #\x23[thing]\x1b`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Failure(&c.rec); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

func BenchmarkBrief(b *testing.B) {
	for _, origins := range []int{1, 1000} {
		b.Run(fmt.Sprintf("origins=%d", origins), func(b *testing.B) {
			brief := NewBrief(0)
			recs := make([]task.Record, 4096)
			for i := range recs {
				recs[i] = task.NewRecord(&task.Task{})
				recs[i].URL, recs[i].Outcome, recs[i].Attempts = fmt.Sprintf("https://host%d.example.com/some/path?%d", i%origins, i), task.OK, 1
				recs[i].Timing.FirstByte, recs[i].Duration = time.Millisecond, time.Millisecond
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				brief.Add(&recs[i%len(recs)])
				i++
			}
		})
	}
}
