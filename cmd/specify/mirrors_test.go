package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/task"
)

// line is a task as a JSON object.
func line(t *testing.T, keys map[string]any) string {
	t.Helper()
	b, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Mirrors are tried in their order until one gives the whole, wanted, verified
// body. The record is that of the last one tried, and counts them all.
func TestMirrors(t *testing.T) {
	server := serve(t, 2)
	one, two := func(path string) string { return server.URL("origin1", path) }, func(path string) string { return server.URL("origin2", path) }
	refused := server.URL(faultserver.Refused, "/x")
	body := content(t, "", 100)
	sum := "sha256:" + hashOf(t, server, 100)
	for name, tt := range map[string]struct {
		keys     map[string]any
		outcome  task.Outcome
		kind     task.ErrorType
		mirror   int
		attempts int
		retries  []string
	}{
		"first":         {map[string]any{"urls": []string{one("/bytes/100"), two("/status/404")}}, task.OK, "", 0, 1, nil},
		"after a 404":   {map[string]any{"urls": []string{one("/status/404"), two("/bytes/100")}}, task.OK, "", 1, 2, []string{"404 mirror"}},
		"same origin":   {map[string]any{"urls": []string{one("/status/404"), one("/status/410"), one("/bytes/100")}}, task.OK, "", 2, 3, []string{"404 mirror", "410 mirror"}},
		"after retries": {map[string]any{"urls": []string{one("/status/503"), two("/bytes/100")}, "retry": 1}, task.OK, "", 1, 3, []string{"503 backoff", "503 mirror"}},
		"refused":       {map[string]any{"urls": []string{refused, two("/bytes/100")}, "retry": 0}, task.OK, "", 1, 2, []string{"connect mirror"}},
		"wrong sum":     {map[string]any{"urls": []string{one("/bytes/99"), two("/bytes/100")}, "checksum": sum}, task.OK, "", 1, 2, []string{"checksum mirror"}},
		"cut":           {map[string]any{"urls": []string{one("/range/90/y?cut=20&cuts=99"), two("/bytes/100")}, "retry": 1}, task.OK, "", 1, 3, []string{"short_body backoff", "short_body mirror"}},
		"not expected":  {map[string]any{"urls": []string{one("/bytes/99"), two("/bytes/100")}, "expect": map[string]any{"header": map[string]string{"Content-Length": "^100$"}}}, task.OK, "", 1, 2, []string{"expect mirror"}},
		"all failed":    {map[string]any{"urls": []string{one("/status/410"), two("/status/404")}}, task.Failed, "404", 1, 2, []string{"410 mirror"}},
		"refused last":  {map[string]any{"urls": []string{one("/status/404"), refused}, "retry": 0}, task.Failed, "connect", 1, 2, []string{"404 mirror"}},
		"posted":        {map[string]any{"urls": []string{one("/status/500"), two("/bytes/100")}, "body": "x"}, task.Failed, "500", 0, 1, nil},
		"post refused":  {map[string]any{"urls": []string{refused, two("/bytes/100")}, "body": "x", "retry": 0}, task.OK, "", 1, 2, []string{"connect mirror"}},
		"turned down":   {map[string]any{"urls": []string{one("/status/404"), two("/bytes/100")}, "body": "x"}, task.OK, "", 1, 2, []string{"404 mirror"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			tt.keys["output"] = "x"
			o := batchIn(t, dir, nil, os.Args[0], []string{line(t, tt.keys)}, "--output-dir", "out", "--retry-delay", "1ms", "--breaker-failures", "0")
			r := o.records[0]
			var kind task.ErrorType
			if r.Error != nil {
				kind = r.Error.Type
			}
			var retries []string
			for _, one := range r.Retries {
				what := string(one.Error)
				if one.Status != 0 {
					what = fmt.Sprint(one.Status)
				}
				retries = append(retries, what+" "+one.Reason)
			}
			urls := tt.keys["urls"].([]string)
			if r.Outcome != tt.outcome || kind != tt.kind || r.Mirror != tt.mirror || r.Attempts != tt.attempts || !slices.Equal(retries, tt.retries) || r.URL != urls[tt.mirror] {
				t.Errorf("%s %v, mirror %d %s, %d attempts, retries %q", r.Outcome, r.Error, r.Mirror, r.URL, r.Attempts, retries)
			}
			if kind == "connect" && (r.Status != 0 || r.Remote != "" || r.Bytes != task.Unknown) {
				t.Errorf("of the mirror before: %+v", r)
			}
			if got, err := os.ReadFile(filepath.Join(dir, "out", "x")); (err == nil) != (tt.outcome == task.OK) || err == nil && string(got) != body {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if _, parts := outputs(t, dir); len(parts) > 0 {
				t.Errorf("left behind: %q", parts)
			}
			text, err := os.ReadFile(filepath.Join(dir, "out.ndjson"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := essence(string(text)); err != nil {
				t.Error(err) // the schema
			}
		})
	}
}

// hashOf returns what the server says of /bytes/N.
func hashOf(t *testing.T, server *faultserver.Server, n int) string {
	t.Helper()
	sum, status := here(t, t.TempDir(), "fetch", server.URL("origin1", fmt.Sprintf("/hash/%d", n)))
	if status != 0 {
		t.Fatal(status)
	}
	return sum
}

// A mirror that others wait for is waited for too; the task's timeout is one
// for all; and an origin that is given up costs no time.
func TestMirrorsObeyTheGate(t *testing.T) {
	t.Run("limit", func(t *testing.T) {
		server := serve(t, 2)
		list := make([]string, 40)
		for i := range list {
			list[i] = line(t, map[string]any{"urls": []string{server.URL("origin1", "/status/404"), server.URL("origin2", fmt.Sprintf("/slow/20?%d", i))}})
		}
		o := batch(t, list, "--per-host", "2")
		o.allOK(t)
		for _, origin := range []string{"origin1", "origin2"} {
			if n := server.Stats().Listeners[origin].InFlightMax; n > 2 {
				t.Errorf("%d at once on %s", n, origin)
			}
		}
	})
	t.Run("timeout", func(t *testing.T) {
		server := serve(t, 1)
		o := batch(t, []string{line(t, map[string]any{"urls": []string{server.URL("origin1", "/slow/3000"), server.URL("origin1", "/slow/1")}, "timeout": 0.3})})
		r := o.records[0]
		if r.Error == nil || r.Error.Type != task.ErrTimeoutTotal || r.Mirror != 0 || r.Duration > 2*time.Second {
			t.Errorf("%v, mirror %d, %v", r.Error, r.Mirror, r.Duration)
		}
	})
	t.Run("given up", func(t *testing.T) {
		server := serve(t, 1)
		list := make([]string, 30)
		for i := range list {
			list[i] = line(t, map[string]any{"urls": []string{server.URL(faultserver.Refused, fmt.Sprintf("/%d", i)), server.URL("origin1", "/ok")}, "retry": 1})
		}
		o := batch(t, list, "--breaker-failures", "3", "--breaker-cooldown", "1s", "--retry-delay", "10ms")
		o.allOK(t)
		n := o.tally(func(r *task.Record) bool { return r.Attempts == 1 })
		t.Logf("%d of 30 went on without an attempt, in %v", n, o.took)
		if n == 0 {
			t.Error("none went on at once")
		}
	})
}

// What a line expects of its answer, and what becomes of it.
func TestExpectations(t *testing.T) {
	server := serve(t, 1)
	url := func(path string) string { return server.URL("origin1", path) }
	for name, tt := range map[string]struct {
		url    string
		expect map[string]any
		kind   task.ErrorType
		failed []string
	}{
		"met":               {url("/ok"), map[string]any{"status": "200", "header": map[string]string{"content-type": "^text/plain"}, "body": "^ok\n$", "max_time": "20s"}, "", nil},
		"named status":      {url("/status/503"), map[string]any{"status": "503"}, "", nil},
		"body":              {url("/ok"), map[string]any{"body": "moon"}, "expect", []string{"body"}},
		"header":            {url("/ok"), map[string]any{"header": map[string]string{"Content-Type": "json"}}, "expect", []string{"header Content-Type"}},
		"too slow":          {url("/slow/60"), map[string]any{"max_time": 0.05}, "expect", []string{"max_time"}},
		"status of success": {url("/ok?1"), map[string]any{"status": "204"}, "expect", []string{"status"}},
		"status of failure": {url("/status/404"), map[string]any{"status": "204"}, "404", []string{"status"}},
		"cut, then met":     {url("/range/1000/x?cut=500"), map[string]any{"status": "200"}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			server.Reset()
			dir := t.TempDir()
			o := batchIn(t, dir, nil, os.Args[0], []string{line(t, map[string]any{"url": tt.url, "expect": tt.expect, "output": "x"})}, "--output-dir", "out", "--retry-delay", "1ms", "-c")
			r := o.records[0]
			var kind task.ErrorType
			if r.Error != nil {
				kind = r.Error.Type
			}
			if kind != tt.kind || !slices.Equal(r.Expect, tt.failed) {
				t.Errorf("%v, failed %q", r.Error, r.Expect)
			}
			if n := server.Stats().Requests; n > 1 && tt.kind != "" {
				t.Errorf("%d requests", n)
			}
			whole, parts := outputs(t, filepath.Join(dir, "out"))
			if (len(whole) == 1) != (tt.kind == "") || len(parts) > 0 {
				t.Errorf("files %q %q", whole, parts)
			}
		})
	}
}
