package commands

import (
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/runtime/httpx"
)

// The line says what is known and leaves out what is not.
func TestProgressText(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, c := range []struct {
		name  string
		tally ops.Tally
		total int64
		p     ops.Progress
		want  string
	}{
		{"all", ops.Tally{Tasks: 100, OK: 90, NotModified: 5, Failed: 5}, 1000,
			ops.Progress{Active: 32, Pauses: httpx.Pauses{Count: 2, Origin: "https://api.x:443", Until: now.Add(61500 * time.Millisecond)}},
			"100/1000 (10%)  95 ok  5 failed  10/s  ETA 1:30  32 active  2 origins paused, the longest for 1:02 https://api.x:443"},
		{"one pause, of a name that is not ASCII", ops.Tally{Tasks: 20, OK: 20}, 40,
			ops.Progress{Pauses: httpx.Pauses{Count: 1, Origin: "https://bücher.x:443\x1b[2J", Until: now.Add(time.Second)}},
			"20/40 (50%)  20 ok  2.0/s  ETA 0:10  0 active  1 origin paused for 0:01 https://b?cher.x:443?[2J"},
		{"a pipe", ops.Tally{Tasks: 7, OK: 7}, -1, ops.Progress{Active: 3}, "7 done  7 ok  0.7/s  3 active"},
		{"gone on with", ops.Tally{Tasks: 10, OK: 10}, 100, ops.Progress{Active: 1, Skipped: 80}, "90/100 (90%)  10 ok  1.0/s  ETA 0:10  1 active"},
		{"nothing yet", ops.Tally{}, 5, ops.Progress{Active: 5}, "0/5 (0%)  0 ok  0.0/s  5 active"},
		{"nothing to do", ops.Tally{}, 0, ops.Progress{}, "0 done  0 ok  0.0/s  0 active"},
		{"stopping", ops.Tally{Tasks: 10, OK: 10}, 100, ops.Progress{Active: 4, Stopping: true}, "stopping  10/100 (10%)  10 ok  1.0/s  4 active"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMeter(now.Add(-10 * time.Second))
			if got := progressLine(m, &c.tally, c.total, c.p, now); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

// The rate is that of the last ten seconds, however long the run is.
func TestMeterForgets(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	m := newMeter(now)
	count, got := int64(0), 0.0
	for i := range 500 {
		if i < 400 {
			count += 100
		} else {
			count++
		}
		now = now.Add(redraw)
		got = m.add(count, now)
	}
	if got != 5 {
		t.Errorf("%v a second, want 5", got)
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0:00", time.Millisecond: "0:01", 59 * time.Second: "0:59", time.Minute: "1:00", 59*time.Minute + 59*time.Second: "59:59",
		time.Hour: "1:00:00", 26*time.Hour + 3*time.Minute + 4*time.Second: "26:03:04",
	} {
		if got := clock(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

// What has no end in sight has no ETA.
func TestETA(t *testing.T) {
	for _, c := range []struct {
		left      int64
		perSecond float64
		want      string
	}{{10, 0, ""}, {0, 5, ""}, {-1, 5, ""}, {10, 4, "ETA 0:03"}, {1 << 60, 1, ""}, {0, 0, ""}} {
		if got := eta(c.left, c.perSecond); got != c.want {
			t.Errorf("%d at %v: %q, want %q", c.left, c.perSecond, got, c.want)
		}
	}
}
