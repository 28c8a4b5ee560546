package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/task"
)

// givenUp is the one line that tells of an origin for which there is no hope.
var givenUp = regexp.MustCompile(`(?m)^specify: warning: http\S+ given up: `)

// A 429 with Retry-After pauses the whole origin: nothing comes during the
// pause, one request goes first afterwards, and the rest follow spread out.
// Another origin does not notice.
func TestRetryAfterPausesTheOrigin(t *testing.T) {
	const calm, perHost = 2000, 6
	// The calm origin takes 5 ms a request, so that its time is made of waiting
	// and not of our processors' load.
	span := func(server *faultserver.Server, origin string) time.Duration {
		at := arrivals(server, origin)
		return at[len(at)-1].Sub(at[0])
	}
	var alone, beside time.Duration
	for range 3 { // the better of each: a test that shares its machine measures upwards only
		server := serve(t, 2)
		quiet := lines(calm, server.URL("origin2", "/slow/5?%d"))
		o := batch(t, quiet)
		o.allOK(t)
		if took := span(server, "origin2"); alone == 0 || took < alone {
			alone = took
		}
		server.Reset()

		busy := lines(200, server.URL("origin1", "/throttle/%d?scope=origin&after=2"))
		o = batch(t, append(busy, quiet...))
		o.allOK(t)
		if took := span(server, "origin2"); beside == 0 || took < beside {
			beside = took
		}
		checkPause(t, server, perHost)
		if beside <= alone*12/10 {
			break
		}
	}
	t.Logf("the calm origin's 2,000 requests took %v alone and %v beside a paused origin: %.3f times", alone, beside, float64(beside)/float64(alone))
	if beside > alone*12/10 {
		t.Errorf("more than 1.2 times")
	}
}

// checkPause checks the log of origin1, which was throttled for 2 s by its
// first request.
func checkPause(t *testing.T, server *faultserver.Server, perHost int) {
	t.Helper()
	at := arrivals(server, "origin1")
	began := at[0]
	before := between(at, began, began.Add(2*time.Second))
	after := at[before:]
	last := after[len(after)-1]
	gaps := make([]time.Duration, 5)
	for i := range gaps {
		gaps[i] = after[i+1].Sub(after[i]).Round(time.Millisecond)
	}
	burst := between(after, after[0], after[0].Add(100*time.Millisecond))
	t.Logf("%d requests before the pause took hold, none in it; it was over after %v; gaps between the first after it: %v; %d in the first 100 ms; all done %v later",
		before, after[0].Sub(began), gaps, burst, last.Sub(after[0]).Round(time.Millisecond))
	if before > perHost {
		t.Errorf("%d requests within the pause, %d in flight", before, perHost)
	}
	if during := between(at, began.Add(250*time.Millisecond), began.Add(2*time.Second)); during > 0 {
		t.Errorf("%d requests in the midst of the pause", during)
	}
	if gaps[0] < 40*time.Millisecond {
		t.Errorf("the second request came %v after the first", gaps[0])
	}
	if burst > 5 {
		t.Errorf("%d requests in the first 100 ms", burst)
	}
}

// Ten origins, of which one refuses and one is silent: the run ends in the time
// that the breaker's rules give, and the eight others are untouched.
func TestTwoDeadOriginsOfTen(t *testing.T) {
	const each, failures, perHost, probes = 100, 5, 6, 2
	const silence = time.Second // long enough that a busy machine answers within it
	server := serve(t, 8)
	names := []string{faultserver.Refused, faultserver.Silent}
	for i := range 8 {
		names = append(names, fmt.Sprintf("origin%d", i+1))
	}
	var list []string
	for i := range each {
		for _, name := range names {
			list = append(list, server.URL(name, fmt.Sprintf("/slow/2?%d", i)))
		}
	}
	o := batch(t, list, "--read-timeout", silence.String(), "--retry-delay", "100ms", "--breaker-cooldown", "2s")
	// Cooldowns of 1 s and 2 s, with a first attempt, a retry after at most
	// 100 ms and two rounds of probes, each as long as the read timeout.
	limit := 3*time.Second + 100*time.Millisecond + 4*silence
	dead, silent := o.attempts(server.URL(faultserver.Refused, "")), o.attempts(server.URL(faultserver.Silent, ""))
	t.Logf("%v for 1,000 tasks; %d attempts at the dead origin, %d at the silent one (%d connections); errors %v",
		o.took.Round(time.Millisecond), dead, silent, server.Stats().Listeners[faultserver.Silent].Connections, o.errorTypes())
	if o.took > limit+2*time.Second { // and a second or two to start, and for a busy machine
		t.Errorf("took %v; the breaker's rules give %v", o.took, limit)
	}
	for origin, n := range map[string]int{"dead": dead, "silent": silent} {
		if most := failures + perHost + 2*probes; n > most {
			t.Errorf("%d attempts at the %s origin, %d are allowed", n, origin, most)
		}
	}
	if n := server.Stats().Listeners[faultserver.Silent].Connections; n > silent+1 {
		t.Errorf("%d connections for %d attempts", n, silent)
	}
	good := 0
	for _, name := range names[2:] {
		n := o.tally(func(r *task.Record) bool {
			return r.Outcome == task.OK && r.Attempts == 1 && strings.HasPrefix(r.URL, server.URL(name, ""))
		})
		if requests := server.Stats().Listeners[name].Requests; n != each || requests != each {
			t.Errorf("%s: %d ok at once, %d requests", name, n, requests)
		}
		good += n
		at := arrivals(server, name)
		if took := at[len(at)-1].Sub(at[0]); took > 2*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
	if o.status != 1 || o.ok() != good {
		t.Errorf("exit status %d, %d ok", o.status, o.ok())
	}
	if n := len(givenUp.FindAllString(o.stderr, -1)); n != 2 {
		t.Errorf("%d lines tell of origins given up:\n%s", n, tail(o.stderr))
	}
}

// An outage of 3 s on an origin with 1,000 tasks, in the ways in which origins
// go down: all tasks end ok, hardly a request is wasted on it, and what comes
// when it is over comes paced.
func TestOutageIsWaitedOut(t *testing.T) {
	modes := []string{"503", "reset", "close"}
	if testing.Short() {
		modes = modes[:1]
	}
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			const length = 3 * time.Second
			server := serve(t, 0)
			over := make(chan time.Time)
			go func() { // ends with the outage, which is waited for below
				for server.Stats().Requests < 200 {
					time.Sleep(time.Millisecond)
				}
				if err := server.SetOutage(mode, length); err != nil {
					t.Error(err)
				}
				over <- time.Now().Add(length)
			}()
			o := batch(t, lines(1000, server.URL(faultserver.Plain, "/outage/%d")))
			end := <-over
			o.allOK(t)

			at := arrivals(server, faultserver.Plain)
			during := between(at, end.Add(-length), end)
			after := at[between(at, at[0], end):]
			first := after[0]
			burst := between(after, first, first.Add(100*time.Millisecond))
			t.Logf("%d requests in all, %d during the outage; the first after it %v later, %d within 100 ms of that; run of %v",
				len(at), during, first.Sub(end).Round(time.Millisecond), burst, o.took.Round(time.Millisecond))
			if during > 30 {
				t.Errorf("%d requests during the outage", during)
			}
			if burst > 8 {
				t.Errorf("%d requests within 100 ms of the recovery", burst)
			}
			if opened := strings.Count(o.stderr, " opened,"); opened == 0 || givenUp.MatchString(o.stderr) {
				t.Errorf("breaker opened %d times:\n%s", opened, tail(o.stderr))
			}
		})
	}
}

// An origin that always answers 503: few requests, and an end in the time that
// the cooldowns give.
func TestDeadOriginIsGivenUp(t *testing.T) {
	cooldown, limit := 4*time.Second, 20*time.Second
	if testing.Short() {
		cooldown, limit = time.Second, 8*time.Second
	}
	server := serve(t, 0)
	o := batch(t, lines(1000, server.URL(faultserver.Plain, "/status/503?%d")), "--breaker-cooldown", cooldown.String())
	n := server.Stats().Requests
	t.Logf("%d requests for 1,000 tasks, ended after %v: %v", n, o.took.Round(time.Millisecond), o.errorTypes())
	if n > 40 || n != o.attempts("") {
		t.Errorf("%d requests, %d attempts in the records", n, o.attempts(""))
	}
	if o.took > limit || o.took < cooldown {
		t.Errorf("took %v", o.took)
	}
	if o.ok() > 0 || o.status != 1 || o.errorTypes()["circuit_open"] < 900 {
		t.Errorf("%d ok, exit status %d, %v", o.ok(), o.status, o.errorTypes())
	}
	if n := len(givenUp.FindAllString(o.stderr, -1)); n != 1 {
		t.Errorf("%d lines tell of the origin given up", n)
	}
}

// A list whose every URL fails once and then answers is no outage: nothing is
// lost, nothing is sent that need not be, no breaker opens and nothing stalls.
func TestEveryURLFailsOnce(t *testing.T) {
	for _, way := range []string{"flaky", "reset-then-ok"} {
		t.Run(way, func(t *testing.T) {
			server := serve(t, 0)
			o := batch(t, lines(1000, server.URL(faultserver.Plain, "/"+way+"/1/%d")), "--per-host", "20", "--retry-delay", "100ms")
			o.allOK(t)
			opened := strings.Count(o.stderr, "breaker of ")
			at := arrivals(server, faultserver.Plain)
			var stall time.Duration
			for i := range len(at) - 1 {
				stall = max(stall, at[i+1].Sub(at[i]))
			}
			t.Logf("%d requests in %v, the longest gap between two is %v; %d changes of the breaker",
				len(at), o.took.Round(time.Millisecond), stall.Round(time.Millisecond), opened)
			if len(at) != 2000 || opened > 0 {
				t.Errorf("%d requests, %d changes of the breaker:\n%s", len(at), opened, tail(o.stderr))
			}
			if stall > time.Second || o.took > 20*time.Second {
				t.Errorf("took %v, with a gap of %v", o.took, stall)
			}
		})
	}
}
