//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/specify-cli/specify/internal/faultserver"
)

// nasty is what no terminal may see as it is: it sets the title, erases, turns
// the reading direction, hides characters, and begins a line of its own that CI
// systems would take for a command, as they do the marks that they look for
// anywhere in a line.
const nasty = "\x1b]0;owned\x07\x1b[2J\u009b31m\u202eevil\u2066\u200b\x7f\b\r\n::error::owned\n##vso[task.setvariable]x ##[error]x\n"

// nastyField is nasty as far as a header field may hold it.
var nastyField = strings.NewReplacer("\r", "", "\n", " ").Replace(nasty)

// harmless fails the test where text has more to say to a terminal than
// characters and line ends, or a line that is not ours.
func harmless(t *testing.T, where, text string) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "::") && !strings.HasPrefix(line, "::error title=specify") { // our own annotations
			t.Errorf("%s: a line that is not ours: %q", where, line)
		}
		for _, r := range line {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%s: %q in %q", where, r, line)
				break
			}
		}
	}
}

// nastyServer answers each of the paths with nasty in another place.
func nastyServer(t *testing.T) (server *httptest.Server, urls []string) {
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, out, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		switch r.URL.Path {
		case "/reason":
			fmt.Fprintf(out, "HTTP/1.1 500 %s\r\nContent-Length: 0\r\n\r\n", nastyField)
		case "/garbage":
			fmt.Fprintf(out, "%s\r\n\r\n", nasty)
		case "/field":
			fmt.Fprintf(out, "HTTP/1.1 200 OK\r\n%s\r\n\r\n", nastyField)
		case "/redirect":
			fmt.Fprintf(out, "HTTP/1.1 302 Found\r\nLocation: %s://%s/\r\nContent-Length: 0\r\n\r\n", "http", nastyField)
		case "/scheme":
			fmt.Fprintf(out, "HTTP/1.1 302 Found\r\nLocation: x%s:y\r\nContent-Length: 0\r\n\r\n", nastyField)
		case "/length":
			fmt.Fprintf(out, "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n", nastyField)
		case "/coding":
			fmt.Fprintf(out, "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: 3\r\n\r\nabc", nastyField)
		case "/range":
			fmt.Fprintf(out, "HTTP/1.1 206 Partial\r\nContent-Range: %s\r\nContent-Length: 3\r\n\r\nabc", nastyField)
		case "/retry":
			fmt.Fprintf(out, "HTTP/1.1 503 %s\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", nastyField, nastyField)
		case "/chunk":
			fmt.Fprintf(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n", nastyField)
		case "/type":
			fmt.Fprintf(out, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nEtag: %q\r\nContent-Length: 3\r\n\r\nabc", nastyField, nastyField)
		case "/v1/traces", "/v1/metrics": // a collector
			fmt.Fprintf(out, "HTTP/1.1 400 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", nastyField, len(nasty), nasty)
		}
		_ = out.Flush()
	}))
	t.Cleanup(server.Close)
	for _, path := range []string{"reason", "garbage", "field", "redirect", "scheme", "length", "coding", "range", "retry", "chunk", "type"} {
		urls = append(urls, server.URL+"/"+path)
	}
	return server, urls
}

// Control and bidirectional characters come from everywhere and reach a
// terminal from nowhere.
func TestEscapes(t *testing.T) {
	server, urls := nastyServer(t)
	dir := t.TempDir()
	file := func(name, text string) string {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	runs := 0
	run := func(where string, env []string, args ...string) {
		t.Helper()
		for _, format := range []string{"text", "json"} {
			p := prepared(t, dir, args...)
			p.Env = append(append(p.Env, hasty), env...)
			if format == "json" {
				p.Env = append(p.Env, "SPECIFY_LOG_FORMAT=json")
			}
			p.launch(t)
			status := p.end(t, time.Minute)
			runs++
			where := fmt.Sprintf("%s (%s, status %d)", where, format, status)
			harmless(t, where+" stdout", p.stdout.String())
			harmless(t, where+" stderr", p.stderr.String())
			if strings.Contains(p.stderr.String(), "##") {
				t.Errorf("%s: a mark of CI systems: %s", where, clip(p))
			}
			if status == 70 {
				t.Errorf("%s: a bug: %s", where, clip(p))
			}
		}
	}
	line := func(fields map[string]any) string {
		text, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}

	// What servers say, of which -w writes the fields as curl does, and fetch the body.
	quick := []string{"-vv", "--retry", "1", "--retry-delay", "1ms", "--read-timeout", "2s", "--breaker-failures", "0"} // all answers are bad: each is to be seen
	run("batch", nil, append(append([]string{"batch", "--format", "text"}, urls...), quick...)...)
	run("batch ndjson", nil, append(append([]string{"batch", "--format", "ndjson"}, urls...), quick...)...)
	run("batch with reports", nil, append(append([]string{"batch", "--format", "none", "--ci", "github"}, urls...), quick...)...)
	for _, url := range urls {
		run("fetch "+url, nil, append([]string{"fetch", url, "-o", "body"}, quick...)...)
	}
	run("a collector", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + server.URL}, "fetch", urls[0], "-v", "--retry", "0")

	// What lists hold.
	good := server.URL + "/type"
	lists := map[string]string{
		"url": line(map[string]any{"url": "http://127.0.0.1:1/" + nasty}), "plain url": "http://127.0.0.1:1/" + nastyField,
		"host": line(map[string]any{"url": "http://" + nasty + "/"}), "id": line(map[string]any{"url": urls[0], "id": nasty}),
		"output": line(map[string]any{"url": good, "output": nasty}), "output out": line(map[string]any{"url": good, "output": "../" + nasty}),
		"method": line(map[string]any{"url": good, "method": nasty}), "header name": line(map[string]any{"url": good, "headers": map[string]string{nasty: "x"}}),
		"header": line(map[string]any{"url": good, "headers": map[string]string{"X": nasty}}), "key": line(map[string]any{"url": good, nasty: 1}),
		"checksum": line(map[string]any{"url": good, "checksum": nasty}), "priority": line(map[string]any{"url": good, "priority": nasty}),
		"expect": line(map[string]any{"url": good, "expect": map[string]any{"body": "(" + nasty}}), "timeout": line(map[string]any{"url": good, "timeout": nasty}),
		"expectation": line(map[string]any{"url": good, "expect": map[string]any{"body": "x" + nasty, "header": map[string]string{"X-Y": nasty}}}),
		"meta":        line(map[string]any{"url": urls[0], "meta": nasty}), "body file": line(map[string]any{"url": good, "body_file": nasty}),
		"mirrors":      line(map[string]any{"urls": []string{urls[0], urls[1], "http://127.0.0.1:1/" + nasty}}),
		"exec":         line(map[string]any{"exec": []string{nasty, nasty}}),
		"exec stderr":  line(map[string]any{"exec": []string{"sh", "-c", `printf '%s' "$1" >&2; exit 3`, "sh", nasty}}),
		"exec stdout":  line(map[string]any{"exec": []string{"sh", "-c", `printf '%s' "$1"; exit 3`, "sh", nasty}}),
		"text":         "words " + nastyField,
		"broken JSON":  `{"url":"` + nastyField,
		"nested JSON":  `{"url":{"` + nastyField + `":1}}`,
		"invalid UTF8": "http://127.0.0.1:1/\xff\x9b",
	}
	for name, text := range lists {
		list := file("list.txt", text+"\n")
		args := append([]string{"--file", list, "--allow-exec", "--output-dir", "out"}, quick...)
		run("list: "+name, nil, append([]string{"batch", "--format", "text"}, args...)...)
		run("list, skipping: "+name, nil, append([]string{"batch", "--format", "ndjson", "--skip-invalid", "--ci", "github"}, args...)...)
		run("list, dry: "+name, nil, append([]string{"batch", "--format", "text", "--skip-invalid", "--dry-run"}, args...)...)
		run("list, dry JSON: "+name, nil, append([]string{"batch", "--format", "ndjson", "--skip-invalid", "--dry-run"}, args...)...)
	}
	run("a list by that name", nil, "batch", "--file", nasty)
	if err := os.WriteFile(filepath.Join(dir, "x"+strings.ReplaceAll(nasty, "/", "_")), []byte("bad line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run("a list by that name that is there", nil, "batch", "--file", "x"+strings.ReplaceAll(nasty, "/", "_"))

	// What a command line holds.
	for _, args := range [][]string{
		{nasty}, {"fetch", nasty}, {"fetch", "--" + nasty}, {"fetch", "-" + nasty}, {"fetch", good, "-o", nasty + "/x"}, {"fetch", good, "-H", nasty},
		{"fetch", good, "-X", nasty}, {"fetch", good, "-A", nasty}, {"fetch", good, "-d", "@" + nasty}, {"fetch", good, "--checksum", nasty},
		{"fetch", good, "--retry", nasty}, {"fetch", good, "--expect", nasty}, {"fetch", good, "-o", "out/" + nasty, "-v"}, {"fetch", good, "-w", "%{x" + nasty + "}", "-o", "b"},
		{"batch", "--checksums", nasty, good}, {"batch", "--results", nasty + "/x", good}, {"batch", "--output-dir", "/dev/null/" + nasty, good},
		{"batch", "--report", "html=" + nasty + "/x", good}, {"batch", "--report", nasty, good}, {"batch", "--rate", nasty, good}, {"batch", "--shard", nasty, good},
		{"batch", "--config", nasty, good}, {"batch", "--propagate", nasty, good}, {"batch", "--trace-file", nasty + "/x", good}, {"batch", "--cache", "/dev/null/" + nasty, good},
		{"fetch", good, "-x", nasty}, {"fetch", good, "-x", "http://127.0.0.1:1/" + nasty}, {"fetch", good, "--resolve", nasty}, {"fetch", good, "--deny", nasty}, {"fetch", good, "-u", nasty},
		{"fetch", good, "--bearer-file", nasty}, {"fetch", good, "--cacert", nasty}, {"fetch", good, "-E", nasty, "--key", nasty}, {"fetch", good, "--proto-redir", nasty},
		{"exec", "--", nasty}, {"exec", "--retry-on", nasty, "--", "true"}, {"exec", "--" + nasty}, {"exec", "-v", "--retry", "1", "--retry-delay", "1ms", "--", "sh", "-c", "exit 3", nasty},
		{"report", nasty}, {"report", file("bad.ndjson", nasty)}, {"config", "show", "--config", nasty}, {"config", "show", "-A", nasty, "-H", "X: " + nasty, "-o", nasty},
		{"config", "check", nasty}, {"config", "path", "--config", nasty}, {"config", nasty}, {"completion", nasty}, {"help", nasty}, {"version", nasty},
	} {
		run(fmt.Sprintf("%.60q", args), nil, args...)
	}

	// What environment and configuration hold.
	for _, env := range []string{
		"SPECIFY_RETRY", "SPECIFY_USER_AGENT", "SPECIFY_HEADER", "SPECIFY_CONFIG", "SPECIFY_LOG_FORMAT", "SPECIFY_" + "X", "SPECIFY_ASYNC_WORKERS", "TRACEPARENT", "TRACESTATE", "BAGGAGE",
		"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_TRACES_SAMPLER", "OTEL_PROPAGATORS", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_EXPORTER_OTLP_HEADERS",
		"OTEL_TRACES_EXPORTER", "HTTP_PROXY", "NETRC", "SSL_CERT_FILE", "TERM", "LANG",
	} {
		run("environment: "+env, []string{env + "=" + nasty}, "fetch", urls[0], "-v", "--retry", "0")
		run("settings: "+env, []string{env + "=" + nasty}, "config", "show")
	}
	for name, text := range map[string]string{
		"key": fmt.Sprintf("%q: 1\n", nasty), "value": fmt.Sprintf("retry: %q\n", nasty), "text": nastyField, "text value": "user-agent: a" + nasty,
		"host": fmt.Sprintf("hosts:\n  - match: %q\n", nasty), "host key": fmt.Sprintf("hosts:\n  - match: x\n    %q: 1\n", nasty),
		"variable": fmt.Sprintf("hosts:\n  - match: x\n    headers: {X: %q}\n", "${"+nasty+"}"), "anchor": "a: *" + nastyField + "\n",
		"list": fmt.Sprintf("header: [%q]\n", nasty), "agent": fmt.Sprintf("user-agent: %q\n", nasty), "tag": "!<" + nastyField + "> x\n",
	} {
		run("configuration: "+name, nil, "fetch", urls[0], "--config", file("c.yaml", text), "--retry", "0")
		run("configuration shown: "+name, nil, "config", "show", "--config", file("c.yaml", text))
	}

	// A results file that somebody else has written.
	file("r.ndjson", line(map[string]any{"v": 1, "seq": 0, "id": nasty, "outcome": "failed", "method": nasty, "url": "http://h/" + nasty, "start": "2026-11-22T17:41:03.120Z",
		"duration": 1, "attempts": 1, "timing": map[string]any{"queue": 0}, "error": map[string]string{"type": nasty, "message": nasty}, "stderr_tail": nasty, "remote": nasty})+"\n")
	run("report", nil, "report", "r.ndjson")
	run("resume", nil, "batch", good, "--results", "r.ndjson", "--resume", "-v")
	t.Logf("%d runs", runs)
}

// On a terminal a record is a line of text, there is a progress line, and what
// -w writes of a server's words is escaped.
func TestEscapesOnTerminal(t *testing.T) {
	_, urls := nastyServer(t)
	format := `%{content_type} %header{etag} %{url_effective} %{errormsg} %{json}\n%{stderr}%{content_type} %header{etag}\n`
	for _, args := range [][]string{
		append([]string{"batch", "-v", "--retry", "1", "--retry-delay", "300ms", "--skip-invalid"}, urls...),
		append([]string{"batch", "--dry-run", "--skip-invalid"}, urls...),
		{"fetch", urls[len(urls)-1], "-o", "body", "-w", format},
		{"fetch", urls[0], "--retry", "0", "-w", format},
	} {
		p := watch(t, 200, nil, nil, args...)
		_ = p.Wait() // with any status
		<-p.ended
		text := p.output()
		lines, drawn := seen(t, text)
		t.Logf("%.40q: %d lines, %d progress lines", args, len(lines), len(drawn))
		harmless(t, fmt.Sprintf("%.40q", args), strings.Join(append(lines, drawn...), "\n"))
		if len(lines) == 0 {
			t.Errorf("%.40q: nothing was written: %q", args, text)
		}
	}
}

// net/http and its HTTP/2 write to the standard log what servers send out of
// turn: nothing of it is heard.
func TestStandardLogIsSilent(t *testing.T) {
	server := serve(t, 0)
	var list []string
	for _, b := range faultserver.Behaviours() {
		if b.Method == http.MethodGet && (b.Name == "unsolicited" || b.Name == "extra-response" || b.Name == "idle-408" || b.Listener == faultserver.H2Raw && !strings.Contains(b.Name, "endless")) {
			list = append(list, server.URL(b.Listener, b.Path), server.URL(b.Listener, unique(b.Path, len(list))))
		}
	}
	o := trusting(t, server, list, "--retry", "0", "--breaker-failures", "0", "--read-timeout", "500ms")
	for line := range strings.Lines(o.stderr) {
		if !strings.HasPrefix(line, "specify: ") || strings.Contains(line, "POISONED") {
			t.Errorf("not ours: %q", line)
		}
	}
	t.Logf("%d tasks, %d ok", len(list), o.ok())
}
