package report

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
	"github.com/specify-cli/specify/internal/task"
	"pgregory.net/rapid"
)

func TestCollectKeepsTheNewestRecordOfATask(t *testing.T) {
	first := okRecord(0, "https://example.com/a")
	first.Outcome = task.Failed
	second := first
	second.Outcome, second.Start = task.OK, first.Start.Add(time.Minute)
	unstarted := first
	unstarted.Outcome, unstarted.Start = task.Unfinished, time.Time{}
	for _, test := range []struct {
		name string
		in   []task.Record
		want task.Outcome
	}{
		{"in the order of the runs", []task.Record{first, second}, task.OK},
		{"in the other order", []task.Record{second, first}, task.OK},
		{"without a start the later one counts", []task.Record{second, unstarted}, task.Unfinished},
		{"after one without a start too", []task.Record{unstarted, first}, task.Failed},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := collect(t, test.in...)
			if len(r.Rows) != 1 || r.Rows[0].Outcome != test.want {
				t.Errorf("%d rows, the first %s; want one that is %s", len(r.Rows), r.Rows[0].Outcome, test.want)
			}
		})
	}
}

func TestCollectMergesShardsBySeq(t *testing.T) {
	var odd, even []task.Record
	for seq := range int64(10) {
		rec := okRecord(seq, fmt.Sprintf("https://example.com/%d", seq))
		if seq%2 == 0 {
			even = append(even, rec)
		} else {
			odd = append(odd, rec)
		}
	}
	slices.Reverse(odd) // records come in order of completion
	r := collect(t, append(odd, even...)...)
	if len(r.Rows) != 10 || !slices.IsSortedFunc(r.Rows, func(a, b *Row) int { return cmp.Compare(a.Seq, b.Seq) }) {
		t.Errorf("%d rows, want 10 in the order of seq", len(r.Rows))
	}
}

func TestCollectReturnsTheErrorOfTheReader(t *testing.T) {
	broken := errors.New("results.ndjson:2: bad line")
	_, err := Collect(func(yield func(task.Record, error) bool) {
		if yield(okRecord(0, "https://example.com/"), nil) && yield(task.Record{}, broken) {
			t.Error("Collect read on after an error")
		}
	})
	if !errors.Is(err, broken) {
		t.Errorf("err = %v, want %v", err, broken)
	}
}

func TestCollectOfNothing(t *testing.T) {
	r := collect(t)
	if len(r.Rows) != 0 || r.Elapsed() != 0 || r.Totals != (Stats{}) {
		t.Errorf("report of nothing: %+v", r)
	}
}

func TestTotals(t *testing.T) {
	unchanged := okRecord(1, "https://example.com/b")
	unchanged.Outcome, unchanged.Bytes = task.NotModified, task.Unknown
	r := collect(t, okRecord(0, "https://example.com/a"), unchanged, throttled(2, "https://api.example.com/x"), okRecord(3, "https://example.com/c"))
	got := r.Totals
	got.Latency = Quantiles{}
	want := Stats{
		Tasks: 4, OK: 2, NotModified: 1, Failed: 1, Retries: 3, Bytes: 2*2048 + 91,
		Phases: [phases]time.Duration{
			Queue: 260 * time.Millisecond, RetryAfter: 6100 * time.Millisecond,
			Connect: 135 * time.Millisecond, FirstByte: 1180 * time.Millisecond, Transfer: 95 * time.Millisecond,
		},
	}
	if d := diff.Diff(want, got); d != "" {
		t.Error(d)
	}
	if r.Elapsed() != 8410*time.Millisecond {
		t.Errorf("elapsed %v, want 8.41s: from the first start to the last end", r.Elapsed())
	}
	if len(r.Origins) != 2 || r.Origins[0].Name != "https://api.example.com" {
		t.Fatalf("origins %v, want the slower one of two first", r.Origins)
	}
	if got, want := r.Origins[0].Why(), "85% waiting on Retry-After"; got != want {
		t.Errorf("why = %q, want %q", got, want)
	}
	if got, want := r.Summary(), "4 tasks: 2 ok, 1 not modified, 1 failed, 0 unfinished in 8.4s; 3 retries; 4.2 kB; "+
		"slowest origin https://api.example.com (85% waiting on Retry-After)"; got != want {
		t.Errorf("summary\n got %s\nwant %s", got, want)
	}
}

func TestPhasesAddUp(t *testing.T) {
	for _, test := range []struct {
		name  string
		other time.Duration // beyond what the timing says
		want  time.Duration
	}{
		{"parts that were rounded", 5 * time.Microsecond, 0},
		{"time that the record does not tell apart", 3 * time.Second, 3 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			rec := okRecord(0, "https://example.com/")
			rec.Duration += test.other
			if got := phasesOf(&rec)[Other]; got != test.want {
				t.Errorf("other = %v, want %v", got, test.want)
			}
		})
	}
	command := blank(0, "")
	command.Outcome, command.Attempts, command.Duration = task.OK, 1, time.Second
	if got := phasesOf(&command)[Other]; got != time.Second {
		t.Errorf("other of a command = %v, want its whole second", got)
	}
}

func TestOriginOf(t *testing.T) {
	for in, want := range map[string]string{
		"":                                 "commands",
		"https://Example.COM/a?b#c":        "https://example.com",
		"HTTPS://example.com:443/":         "https://example.com",
		"http://example.com:80":            "http://example.com",
		"http://example.com:443/":          "http://example.com:443",
		"https://u:p@example.com:8443?q=@": "https://example.com:8443",
		`https://good.example\@bad`:        "https://good.example",
		"https://[2001:db8::1]:8080/x":     "https://[2001:db8::1]:8080",
		"example.com/x":                    "(no origin)",
		"/path?u=https://example.com":      "(no origin)",
		"https:///x":                       "(no origin)",
		"not a url":                        "(no origin)",
	} {
		if got := originOf(in); got != want {
			t.Errorf("originOf(%q) = %q, want %q", in, got, want)
		}
	}
}

// The histogram's quantiles are those of the sorted latencies, to three digits.
func TestQuantilesAgreeWithSorting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.SliceOfN(rapid.Int64Range(1, 3600e6), 1, 300).Draw(t, "latencies")
		rows := make([]*Row, len(micros))
		for i, n := range micros {
			rows[i] = &Row{Attempts: 1, Duration: time.Duration(n) * time.Microsecond}
		}
		got := measure(newHistogram(), rows)
		slices.Sort(micros)
		check := func(name string, got time.Duration, percent int) {
			want := micros[(percent*len(micros)+99)/100-1]
			if diff := math.Abs(float64(got.Microseconds() - want)); diff > 1+float64(want)/1000 {
				t.Errorf("%s = %v, want %dµs", name, got, want)
			}
		}
		check("p50", got.P50, 50)
		check("p90", got.P90, 90)
		check("p99", got.P99, 99)
		check("max", got.Max, 100)
	})
}

func TestLatencyLeavesOutWhatTheRunImposed(t *testing.T) {
	rec := okRecord(0, "https://example.com/")
	never := blank(1, "https://example.com/")
	never.Outcome, never.Duration = task.Unfinished, time.Hour
	r := collect(t, rec, never)
	if got, want := r.Totals.Latency, (Quantiles{1, 100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond}); got != want {
		t.Errorf("latency = %+v, want %+v: 120ms without 20ms in the queue, one attempt", got, want)
	}
}

func TestChartsCountEveryTask(t *testing.T) {
	r, err := Collect(simulated(5000))
	if err != nil {
		t.Fatal(err)
	}
	var inBars int64
	for i, bar := range r.Latencies {
		inBars += bar.Count
		if bar.From >= bar.To || (i > 0 && bar.From != r.Latencies[i-1].To) {
			t.Errorf("bar %d is %v to %v, after one to %v", i, bar.From, bar.To, r.Latencies[max(0, i-1)].To)
		}
	}
	if inBars != int64(r.Totals.Latency.Count) {
		t.Errorf("%d tasks in the latency bars, want %d", inBars, r.Totals.Latency.Count)
	}
	inBuckets := 0
	for _, bucket := range r.Throughput.Buckets {
		inBuckets += bucket.Good + bucket.Bad
	}
	if inBuckets != 5000 {
		t.Errorf("%d tasks in the throughput, want 5000", inBuckets)
	}
	if n := len(r.Throughput.Buckets); n > mostBuckets || n < mostBuckets/10 {
		t.Errorf("%d buckets of %v for %v", n, r.Throughput.Width, r.Elapsed())
	}
}

func TestThroughputOfALongRun(t *testing.T) {
	late := okRecord(1, "https://example.com/b")
	late.Start = late.Start.AddDate(1, 0, 0)
	r := collect(t, okRecord(0, "https://example.com/a"), late)
	if n := len(r.Throughput.Buckets); n > mostBuckets {
		t.Errorf("%d buckets for a year, want %d at most", n, mostBuckets)
	}
}

func TestHeadline(t *testing.T) {
	for _, test := range []struct {
		totals Stats
		want   string
	}{
		{Stats{}, "No tasks"},
		{Stats{Tasks: 1, OK: 1}, "The task ended well"},
		{Stats{Tasks: 5000, OK: 4000, NotModified: 1000}, "All 5,000 tasks ended well"},
		{Stats{Tasks: 5000, OK: 4986, Failed: 14}, "14 of 5,000 tasks failed"},
		{Stats{Tasks: 10, OK: 8, Unfinished: 2}, "2 of 10 tasks unfinished"},
		{Stats{Tasks: 10, OK: 7, Failed: 1, Unfinished: 2}, "1 of 10 tasks failed, 2 unfinished"},
	} {
		r := Report{Totals: test.totals}
		if got := r.headline(); got != test.want {
			t.Errorf("headline = %q, want %q", got, test.want)
		}
	}
}

func TestWhyNeedsTime(t *testing.T) {
	if got := (&Stats{Tasks: 3}).Why(); got != "" {
		t.Errorf("why = %q without any time, want nothing", got)
	}
	if strings.Contains(collect(t, blank(0, "https://example.com/")).Summary(), "slowest") {
		t.Error("the summary names a slowest origin though no task made an attempt")
	}
}
