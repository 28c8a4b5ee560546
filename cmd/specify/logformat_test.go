//go:build unix

package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/faultserver"
)

// logged is a line of --log-format json.
type logged struct {
	Time      time.Time `json:"time"`
	Level     string    `json:"level"`
	Msg       string    `json:"msg"`
	TraceID   string    `json:"trace_id"`
	SpanID    string    `json:"span_id"`
	URL       string    `json:"url"`
	ErrorType string    `json:"error_type"`
	Tasks     int       `json:"tasks"`
	Failed    int       `json:"failed"`
	Hint      string    `json:"hint"`
}

// logLines reads standard error, of which every line must be one JSON object.
func logLines(t *testing.T, p *running) []logged {
	t.Helper()
	var all []logged
	for line := range strings.Lines(p.stderr.String()) {
		var l logged
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if l.Time.IsZero() || l.Level == "" || l.Msg == "" || strings.HasPrefix(l.Msg, "specify:") {
			t.Errorf("%q", line)
		}
		all = append(all, l)
	}
	return all
}

// With --log-format json everything on standard error is an object a line, with
// the ids of the span that it is about: a task's, else the operation's.
func TestLogFormatJSON(t *testing.T) {
	server := serve(t, 0)
	dir := t.TempDir()
	urls := []string{server.URL(faultserver.Plain, "/status/404"), server.URL(faultserver.Plain, "/flaky/1/a"), server.URL(faultserver.Plain, "/ok")}
	args := []string{"batch", "-v", "--log-format", "json", "--results", "r.ndjson", "--retry-delay", "1ms", "--trace-file", "spans.json"}
	p := launch(t, dir, append(args, urls...)...)
	p.mustEnd(t, 1, time.Minute)
	records := readRecords(t, filepath.Join(dir, "r.ndjson"), 3)
	var failed, retried, ended *logged
	for _, l := range logLines(t, p) {
		switch {
		case l.Level == "ERROR":
			failed = &l
		case strings.HasPrefix(l.Msg, "retry 1 of "):
			retried = &l
		case l.Tasks > 0:
			ended = &l
		}
		if l.TraceID != records[0].TraceID {
			t.Errorf("%+v is not in the trace of the run", l)
		}
	}
	if failed == nil || failed.URL != urls[0] || failed.ErrorType != "404" || failed.SpanID != records[0].SpanID {
		t.Errorf("the failure: %+v", failed)
	}
	if retried == nil || retried.Level != "INFO" || retried.SpanID != records[1].SpanID {
		t.Errorf("the retry: %+v, of span %s", retried, records[1].SpanID)
	}
	if ended == nil || ended.Tasks != 3 || ended.Failed != 1 {
		t.Errorf("the summary: %+v", ended)
	}

	for name, c := range map[string]struct {
		env    string
		args   []string
		status int
		level  string
		msg    string
	}{
		"by the environment":        {"SPECIFY_LOG_FORMAT=json", []string{"fetch", urls[0]}, 1, "ERROR", "404 Not Found"},
		"a flag that is not there":  {"", []string{"fetch", "--log-format", "json", "--nonsense"}, 2, "ERROR", "unknown flag: --nonsense"},
		"a bad setting":             {"SPECIFY_RETRY=x", []string{"fetch", "--log-format", "json", urls[0]}, 2, "ERROR", "SPECIFY_RETRY: "},
		"results that are in use":   {"", append(args, urls...), 2, "ERROR", "r.ndjson"},
		"a command that fails":      {"", []string{"exec", "--log-format", "json", "--retry", "1", "--retry-delay", "1ms", "--", "false"}, 1, "ERROR", "after 2 attempts"},
		"a collector that is dead":  {"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", []string{"fetch", "--log-format", "json", urls[2]}, 0, "WARN", "telemetry: "},
		"a command that is not run": {"", []string{"exec", "--log-format", "json", "--", "/no/such"}, 127, "ERROR", "/no/such"},
	} {
		t.Run(name, func(t *testing.T) {
			p := prepared(t, dir, c.args...)
			p.Env = append(p.Env, c.env)
			p.launch(t)
			p.mustEnd(t, c.status, time.Minute)
			got := logLines(t, p)
			if len(got) != 1 || got[0].Level != c.level || !strings.Contains(got[0].Msg, c.msg) {
				t.Errorf("got %+v, want one line of level %s with %q", got, c.level, c.msg)
			}
		})
	}
}
