package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/task"
)

// What a Retry-After may say, from the sensible to the absurd, each on an origin
// of its own with 20 tasks of which the first answer says it: never early,
// never asleep for longer than the task may take, and never a storm.
func TestRetryAfterValues(t *testing.T) {
	const budget = 60 * time.Second
	values := []struct {
		value    string // or a date so far ahead:
		form     string
		in       int // seconds
		wait     time.Duration
		tooLong  bool
		nonsense bool // ignored: the usual backoff, which is at most a second
	}{
		{value: "2", wait: 2 * time.Second},
		{form: "imf", in: 2, wait: 2 * time.Second},
		{form: "rfc850", in: 2, wait: 2 * time.Second},
		{form: "asctime", in: 2, wait: 2 * time.Second},
		{value: "9223372037", tooLong: true},
		{value: "99999999999999999999999999", tooLong: true},
		{value: "31536000", tooLong: true},
		{form: "imf", in: 31536000, tooLong: true},
		{form: "rfc850", in: 31536000, tooLong: true},
		{value: "-5", nonsense: true},
		{value: "banana", nonsense: true},
		{value: "1e9", nonsense: true},
		{value: "2.5", nonsense: true},
		{value: "0x10", nonsense: true},
		{form: "imf", in: -60, nonsense: true},
	}
	const each = 20
	for _, status := range []int{429, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			server := serve(t, len(values))
			var list []string
			for i, v := range values {
				n := "1"
				if v.tooLong { // whoever asks is told so, and those behind need not ask
					n = fmt.Sprint(each)
				}
				q := url.Values{"n": {n}, "v": {v.value}}
				if v.form != "" {
					q = url.Values{"n": {n}, "form": {v.form}, "in": {fmt.Sprint(v.in)}}
				}
				origin := fmt.Sprintf("origin%d", i+1)
				list = append(list, repeated(each, server.URL(origin, fmt.Sprintf("/retry-after/%d?%s", status, q.Encode())))...)
			}
			o := batch(t, list, "--retry-max-time", budget.String(), "--retry-delay", "1s", "--jobs", "200")
			t.Logf("%v for %d tasks: %v", o.took.Round(time.Millisecond), len(list), o.errorTypes())
			for i, v := range values {
				name := v.value
				if v.form != "" {
					name = fmt.Sprintf("%s in %d s", v.form, v.in)
				}
				origin := fmt.Sprintf("origin%d", i+1)
				at, records := arrivals(server, origin), o.records[i*each:(i+1)*each]
				ok, tooLong := 0, 0
				for _, r := range records {
					switch {
					case r.Outcome == task.OK:
						ok++
					case r.Error.Type == task.ErrRetryAfter:
						tooLong++
					}
				}
				var resumed time.Duration // when the first request came that was not in flight with that answer
				for _, a := range at {
					if d := a.Sub(at[0]); d > 500*time.Millisecond && resumed == 0 {
						resumed = d.Round(time.Millisecond)
					}
				}
				t.Logf("%-28s %2d ok, %2d too long, %d requests, went on after %v", name, ok, tooLong, len(at), resumed)
				switch {
				case v.tooLong:
					// Six were in flight, and six more may be before an answer is read.
					if tooLong != each || len(at) > 12 || resumed != 0 {
						t.Errorf("%s: %d ok, %d too long, %d requests, went on after %v", name, ok, tooLong, len(at), resumed)
					}
				case ok != each || len(at) != each+1:
					t.Errorf("%s: %d of %d ok with %d requests", name, ok, each, len(at))
				case v.wait > 0 && (resumed < v.wait || resumed > v.wait+2*time.Second):
					t.Errorf("%s: went on after %v", name, resumed)
				}
			}
			if o.took > 15*time.Second {
				t.Errorf("took %v", o.took)
			}
		})
	}
}

// repeated returns n times the same line.
func repeated(n int, line string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = line
	}
	return all
}

// A POST that the server acted upon before it lost the connection is sent once,
// on fresh and on kept connections, unless the user vouches for it.
func TestCommittedPostIsNotRepeated(t *testing.T) {
	for _, c := range []struct {
		name    string
		args    []string
		commits int // of each
	}{
		{name: "POST", args: []string{"--data", "x=1"}, commits: 1},
		{name: "PATCH", args: []string{"--request", "PATCH", "--data", "x=1"}, commits: 1},
		{name: "POST without a body", args: []string{"--request", "POST"}, commits: 1},
		{name: "Idempotency-Key", args: []string{"--data", "x=1", "--header", "Idempotency-Key: 7"}, commits: 4},
		{name: "--retry-unsafe", args: []string{"--data", "x=1", "--retry-unsafe"}, commits: 4},
		{name: "PUT", args: []string{"--request", "PUT", "--data", "x=1"}, commits: 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			const each = 10
			server := serve(t, 0)
			var list []string
			for i := range each {
				list = append(list, server.URL(faultserver.Plain, fmt.Sprintf("/ok?%d", i)),
					server.URL(faultserver.Plain, fmt.Sprintf("/commit-then-reset/%d", i)))
			}
			args := append(c.args, "--retry-delay", "10ms", "--breaker-failures", "0", "--jobs", "2")
			o := batch(t, list, args...)
			least, most := each*9, 0
			for i := range each {
				n := server.Commits(fmt.Sprintf("/commit-then-reset/%d", i))
				least, most = min(least, n), max(most, n)
			}
			t.Logf("%d to %d commits a task: %v", least, most, o.errorTypes())
			if most > c.commits+1 || least != c.commits || c.commits == 1 && most != 1 {
				t.Errorf("%d to %d commits, want %d", least, most, c.commits)
			}
			if o.ok() != each || o.errorTypes()[task.ErrReset] != each {
				t.Errorf("%v", o.errorTypes())
			}
		})
	}
}

// A POST that cannot have reached the server is tried again: nobody listened.
func TestUnsentPostIsRepeated(t *testing.T) {
	server := serve(t, 0)
	o := batch(t, []string{server.URL(faultserver.Refused, "/x")}, "--data", "x=1", "--retry", "2", "--retry-delay", "10ms")
	if r := o.records[0]; r.Attempts != 3 || r.Error.Type != task.ErrConnect || o.status != 3 {
		t.Errorf("%d attempts, %v, exit status %d", r.Attempts, r.Error, o.status)
	}
}

// What is retried and how often, by flag and by line.
func TestRetryFlags(t *testing.T) {
	server := serve(t, 0)
	plain := func(path string) string { return server.URL(faultserver.Plain, path) }
	line := func(path, more string) string { return fmt.Sprintf(`{"url":%q,%s}`, plain(path), more) }
	for _, c := range []struct {
		name, line string
		args       []string
		attempts   int
		outcome    task.Outcome
	}{
		{"default", plain("/flaky/3/a"), nil, 4, task.OK},
		{"one too few", plain("/flaky/4/b"), nil, 4, task.Failed},
		{"none", plain("/flaky/1/c"), []string{"--retry", "0"}, 1, task.Failed},
		{"a line's own", line("/flaky/5/d", `"retry":5`), nil, 6, task.OK},
		{"a line's none", line("/flaky/1/e", `"retry":0`), nil, 1, task.Failed},
		{"404", plain("/flaky/1/f?code=404"), nil, 1, task.Failed},
		{"404 asked for", plain("/flaky/1/g?code=404"), []string{"--retry-on", "404"}, 2, task.OK},
		{"503 taken off", plain("/flaky/1/h"), []string{"--retry-on", "404"}, 1, task.Failed},
		{"501", plain("/flaky/1/i?code=501"), nil, 1, task.Failed},
		{"505", plain("/flaky/1/j?code=505"), nil, 1, task.Failed},
		{"408", plain("/flaky/1/k?code=408"), nil, 2, task.OK},
		{"425", plain("/flaky/1/l?code=425"), nil, 2, task.OK},
		{"522", plain("/flaky/1/m?code=522"), nil, 2, task.OK},
		{"503 expected", plain("/flaky/1/n"), []string{"--expect", "503"}, 1, task.OK},
		{"all errors: 404", plain("/flaky/1/o?code=404"), []string{"--retry-all-errors"}, 2, task.OK},
		{"all errors: 501", plain("/flaky/1/p?code=501"), []string{"--retry-all-errors"}, 2, task.OK},
		{"all errors: no HTTP", plain("/http09"), []string{"--retry-all-errors"}, 4, task.Failed},
		{"no HTTP", plain("/http09"), nil, 1, task.Failed},
		{"cut body", plain("/cut-then-ok/1/a"), nil, 2, task.OK},
		{"reset", plain("/reset-then-ok/2/a"), nil, 3, task.OK},
		{"redirect limit", plain("/redirect-loop"), []string{"--retry-all-errors"}, 1, task.Failed},
		{"POST", plain("/flaky/1/q"), []string{"--data", "x"}, 1, task.Failed},
		{"POST, unsafe", plain("/flaky/1/r"), []string{"--data", "x", "--retry-unsafe"}, 2, task.OK},
		{"POST, key", line("/flaky/1/s", `"body":"x","headers":{"idempotency-key":"1"}`), nil, 2, task.OK},
	} {
		o := batch(t, []string{c.line}, append(c.args, "--retry-delay", "5ms")...)
		r := o.records[0]
		if r.Attempts != c.attempts || r.Outcome != c.outcome {
			t.Errorf("%s: %s after %d attempts, want %s after %d: %v", c.name, r.Outcome, r.Attempts, c.outcome, c.attempts, r.Error)
		}
		if len(r.Retries) != c.attempts-1 {
			t.Errorf("%s: %d retries in the record", c.name, len(r.Retries))
		}
	}
}

// --retry-max-time bounds a task, waits included: no attempt begins after it.
func TestRetryMaxTime(t *testing.T) {
	server := serve(t, 0)
	o := batch(t, []string{server.URL(faultserver.Plain, "/status/503")},
		"--retry", "100", "--retry-delay", "200ms", "--retry-jitter", "none", "--retry-max-delay", "200ms", "--retry-max-time", "1100ms", "--breaker-failures", "0")
	r := o.records[0]
	t.Logf("%d attempts in %v", r.Attempts, r.Duration)
	if r.Attempts < 4 || r.Attempts > 6 || r.Duration > 1300*time.Millisecond || r.Error.Type != "503" {
		t.Errorf("%d attempts in %v: %v", r.Attempts, r.Duration, r.Error)
	}
	if !strings.Contains(o.stderr, fmt.Sprintf("after %d attempts", r.Attempts)) {
		t.Errorf("%s", o.stderr)
	}
}

// A line's timeout bounds the task from its first attempt on, waits included: a
// backoff that would not fit is not begun.
func TestLineTimeout(t *testing.T) {
	server := serve(t, 1)
	line := func(listener, path string) string {
		return fmt.Sprintf(`{"url":%q,"timeout":"700ms"}`, server.URL(listener, path))
	}
	list := []string{
		line(faultserver.Plain, "/slow/60000"), line(faultserver.Plain, "/flaky/100/a?code=502"),
		line(faultserver.Plain, "/ok"), line("origin1", "/retry-after/503?v=30"), // which pauses its origin
	}
	o := batch(t, list,
		"--retry", "100", "--retry-delay", "100ms", "--retry-jitter", "none", "--breaker-failures", "0", "--jobs", "1", "--per-host", "1")
	want := []task.ErrorType{task.ErrTimeoutTotal, "502", "", task.ErrRetryAfter}
	for i, r := range o.records {
		kind := task.ErrorType("")
		if r.Error != nil {
			kind = r.Error.Type
		}
		busy := r.Duration - r.Timing.Queue
		t.Logf("%s: %s after %v and %d attempts", r.URL, kind, busy.Round(time.Millisecond), r.Attempts)
		if kind != want[i] || busy > 900*time.Millisecond {
			t.Errorf("%s: %s after %v, want %s", r.URL, kind, busy, want[i])
		}
	}
}
