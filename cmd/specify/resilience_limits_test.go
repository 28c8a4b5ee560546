package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/task"
)

// --jobs, --per-host and --rate at once hold at every moment, as seen by the
// servers, and the rate is used to the full.
func TestLimitsHold(t *testing.T) {
	const jobs, perHost, rate, burst = 37, 5, 50, 5
	for _, c := range []struct {
		name       string
		path       string
		each       int
		args       []string
		rate       int // a second, 0 for none
		perHostMax int // that must be reached
		jobsMax    int
	}{
		{name: "rate", path: "/slow/100?%d", each: 20, args: []string{"--rate", "50/s"}, rate: rate},
		{name: "no rate", path: "/slow/50?%d", each: 60, perHostMax: perHost, jobsMax: jobs},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := serve(t, 8)
			var list []string
			for i := range c.each {
				for origin := range 8 {
					list = append(list, server.URL(fmt.Sprintf("origin%d", origin+1), fmt.Sprintf(c.path, i)))
				}
			}
			args := append(c.args, "--jobs", fmt.Sprint(jobs), "--per-host", fmt.Sprint(perHost))
			o := batch(t, list, args...)
			o.allOK(t)
			stats, most := server.Stats(), 0
			for i := range 8 {
				most = max(most, stats.Listeners[fmt.Sprintf("origin%d", i+1)].InFlightMax)
			}
			second := server.MaxPerWindow("", time.Second)
			t.Logf("%d requests in %v: at most %d at once, %d on one origin, %d in a second",
				stats.Requests, o.took.Round(time.Millisecond), stats.InFlightMax, most, second)
			if stats.InFlightMax > jobs || most > perHost || stats.InFlightMax < c.jobsMax || most < c.perHostMax {
				t.Errorf("%d at once, %d on one origin", stats.InFlightMax, most)
			}
			if c.rate == 0 {
				return
			}
			// A request that is late on its way comes closer to the next.
			if second > c.rate+burst+2 {
				t.Errorf("%d requests within a second", second)
			}
			checkPace(t, server, "", c.rate, burst)
		})
	}
}

// checkPace checks that requests came as fast as a rate allows, and no faster.
func checkPace(t *testing.T, server *faultserver.Server, listener string, rate, burst int) {
	t.Helper()
	var first, last time.Time
	n := 0
	for _, r := range server.Log() {
		if listener != "" && r.Listener != listener {
			continue
		}
		if n++; n == 1 {
			first = r.Time
		}
		last = r.Time
	}
	took := last.Sub(first)
	want := time.Duration(float64(n-burst) / float64(rate) * float64(time.Second))
	t.Logf("%s %d requests over %v, at %d/s and a burst of %d: %v", listener, n, took.Round(time.Millisecond), rate, burst, want)
	if took < want-30*time.Millisecond || took > want*105/100+250*time.Millisecond {
		t.Errorf("%s: %d requests over %v, want %v", listener, n, took, want)
	}
}

// --rate-host is each origin's own: three origins run at it side by side.
func TestRateHost(t *testing.T) {
	server := serve(t, 3)
	var list []string
	for i := range 60 {
		for origin := range 3 {
			list = append(list, server.URL(fmt.Sprintf("origin%d", origin+1), fmt.Sprintf("/ok?%d", i)))
		}
	}
	o := batch(t, list, "--rate-host", "30/s")
	o.allOK(t)
	for origin := range 3 {
		checkPace(t, server, fmt.Sprintf("origin%d", origin+1), 30, 3)
	}
	if rated := o.tally(func(r *task.Record) bool { return r.Timing.Rate > r.Duration/2 }); rated < 150 {
		t.Errorf("%d of 180 records say that they waited for the rate", rated)
	}
}

// Retries and redirects count against the rate as first attempts do.
func TestRateCountsEveryRequest(t *testing.T) {
	server := serve(t, 0)
	var list []string
	for i := range 20 {
		list = append(list, server.URL(faultserver.Plain, fmt.Sprintf("/flaky/1/%d", i)), server.URL(faultserver.Plain, fmt.Sprintf("/redirect/302?to=/ok&%d", i)))
	}
	o := batch(t, list, "--rate", "40/s", "--retry-delay", "10ms", "--breaker-failures", "0", "--per-host", "20")
	o.allOK(t)
	if n := server.Stats().Requests; n != 80 {
		t.Errorf("%d requests", n)
	}
	checkPace(t, server, "", 40, 4)
}

// A redirect passes the gate of the origin that it leads to: its limit, its
// pause and its breaker.
func TestRedirectPassesTheGate(t *testing.T) {
	t.Run("limit", func(t *testing.T) {
		server := serve(t, 2)
		var list []string
		for i := range 60 {
			list = append(list, server.URL("origin1", fmt.Sprintf("/redirect/302?to=@origin2/slow/30&%d", i)), server.URL("origin2", fmt.Sprintf("/slow/30?%d", i)))
		}
		o := batch(t, list, "--per-host", "4")
		o.allOK(t)
		stats := server.Stats()
		t.Logf("%d at once on the origin that redirects lead to", stats.Listeners["origin2"].InFlightMax)
		if n := stats.Listeners["origin2"]; n.InFlightMax > 4 || n.Requests != 120 {
			t.Errorf("%d at once, %d requests", n.InFlightMax, n.Requests)
		}
	})
	t.Run("pause", func(t *testing.T) {
		server := serve(t, 2)
		list := lines(60, server.URL("origin1", "/redirect/302?to=@origin2/throttle/a%%3Fscope=origin%%26after=1&%d"))
		o := batch(t, list)
		o.allOK(t)
		at := arrivals(server, "origin2")
		before := between(at, at[0], at[0].Add(time.Second))
		early := between(at, at[0].Add(250*time.Millisecond), at[0].Add(time.Second))
		t.Logf("%d requests before the pause took hold, %d within it, %d in all", before, early, len(at))
		if before > 6 || early > 0 || len(at) != 60+before {
			t.Errorf("%d before, %d early, %d in all", before, early, len(at))
		}
	})
	t.Run("breaker", func(t *testing.T) {
		server := serve(t, 1)
		list := lines(500, server.URL("origin1", "/redirect/302?to=@refused/x&%d"))
		o := batch(t, list, "--breaker-cooldown", "1s", "--retry-delay", "500ms")
		refused := o.errorTypes()[task.ErrConnect]
		for _, r := range o.records {
			for _, again := range r.Retries {
				if again.Error == task.ErrConnect {
					refused++
				}
			}
		}
		t.Logf("%d connections were refused, %d requests were redirected there, %v: %v",
			refused, server.Stats().Requests, o.took.Round(time.Millisecond), o.errorTypes())
		if o.ok() > 0 || refused > 20 {
			t.Errorf("%d connections were refused: %v", refused, o.errorTypes())
		}
	})
}

// Of 10,000 critical tasks and 10 background ones the latter wait for their
// turn, but no longer than their slack and the work that was there before.
func TestBackgroundTasksAreNotStarved(t *testing.T) {
	const slack = 60 * time.Second
	server := serve(t, 8)
	var list []string
	add := func(n int, priority string) {
		for i := range n {
			url := server.URL(fmt.Sprintf("origin%d", i%8+1), fmt.Sprintf("/ok?%s-%d", priority, i))
			list = append(list, fmt.Sprintf(`{"url":%q,"priority":%q}`, url, priority))
		}
	}
	add(10, "background")
	add(10_000, "critical")
	o := batch(t, list)
	o.allOK(t)
	end := func(r *task.Record) time.Time { return r.Start.Add(r.Duration) }
	var critical, longest time.Duration
	began := o.records[0].Start
	last := began
	for i := range o.records {
		if e := end(&o.records[i]); e.After(last) {
			last = e
		}
		if i >= 10 {
			critical = max(critical, end(&o.records[i]).Sub(began))
		}
	}
	overtaken := 0
	for _, r := range o.records[:10] {
		longest = max(longest, r.Duration)
		for i := range o.records[10:] {
			if end(&o.records[10+i]).Before(end(&r)) {
				overtaken++
			}
		}
	}
	t.Logf("the background tasks ended within %v, the critical ones within %v; each was overtaken by %d of 10,000",
		longest.Round(time.Millisecond), critical.Round(time.Millisecond), overtaken/10)
	if longest > slack+critical {
		t.Errorf("a background task took %v", longest)
	}
	if strings.Contains(o.stderr, "FAIL") {
		t.Errorf("%s", tail(o.stderr))
	}
}
