//go:build unix

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/task"
)

// Each kind of line, all in one list, gives the one record that it asks for.
func TestEveryKindOfLine(t *testing.T) {
	server := serve(t, 1)
	at := func(path string) string { return server.URL(faultserver.Plain, path) }
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "body"), []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 1<<20)
	cases := []struct {
		line     string
		outcome  task.Outcome
		kind     task.ErrorType
		attempts int
		message  string // part of the error's, in which FILE is the place of the line
	}{
		{at("/ok"), task.OK, "", 1, ""},
		{"  " + at("/ok") + "  \r", task.OK, "", 1, ""},
		{at("/ok") + "\tout/a file", task.OK, "", 1, ""},
		{at("/ok") + " out/a file", task.Failed, task.ErrOutputCollision, 0, "another task"},
		{at("/status/404"), task.Failed, "404", 1, "404 Not Found"},
		{at("/ok"), task.OK, "", 1, ""},
		{`{"url":"` + at("/ok") + `"}`, task.OK, "", 1, ""},
		{`{"url":"` + at("/status/503") + `","retry":1}`, task.Failed, "503", 2, "after 2 attempts"},
		{`{"urls":["` + at("/ok") + `"],"id":"mine","meta":{"a":[1]}}`, task.OK, "", 1, ""},
		{`{"url":"` + at("/echo") + `","json":{"a":1},"headers":{"X-Y":"z"},"priority":"background"}`, task.OK, "", 1, ""},
		{`{"url":"` + at("/echo") + `","body_file":"body","method":"PUT"}`, task.OK, "", 1, ""},
		{`{"url":"` + at("/echo") + `","body_file":"none"}`, task.Failed, task.ErrInput, 0, "body_file none: "},
		{`{"url":"` + at("/echo") + `","body_file":"."}`, task.Failed, task.ErrInput, 0, "body_file .: is a folder"},
		{`{"url":"` + at("/slow/5000") + `","timeout":"50ms"}`, task.Failed, task.ErrTimeoutTotal, 1, ""},
		{`{"exec":["true"]}`, task.OK, "", 1, ""},
		{`{"exec":["sh","-c","exit 7"],"retry":0}`, task.Failed, task.ErrExit, 1, ""},
		{`{"exec":["/nowhere/x"]}`, task.Failed, task.ErrStart, 1, ""},

		{"example.com/x", task.Failed, task.ErrInput, 0, `FILE: bad URL "example.com/x": no scheme`},
		{"-o", task.Failed, task.ErrInput, 0, "FILE: bad URL"},
		{"ftp://u:secret@h/", task.Failed, task.ErrInput, 0, `FILE: bad URL "ftp://REDACTED:REDACTED@h/"`},
		{"http://", task.Failed, task.ErrInput, 0, "FILE: bad URL"},
		{"http://h:port/", task.Failed, task.ErrInput, 0, "FILE: bad URL"},
		{"file:///etc/passwd", task.Failed, task.ErrInput, 0, "not http or https"},
		{`{"url":"` + at("/ok") + `","ulr":1}`, task.Failed, task.ErrInput, 0, `FILE: unknown key "ulr"`},
		{`{"url":1}`, task.Failed, task.ErrInput, 0, `FILE: key "url"`},
		{`{"url":"` + at("/ok") + `"`, task.Failed, task.ErrInput, 0, "FILE: bad JSON"},
		{`{"url":"` + at("/ok") + `"} x`, task.Failed, task.ErrInput, 0, "FILE: something follows"},
		{`{}`, task.Failed, task.ErrInput, 0, "is needed"},
		{`{"exec":[]}`, task.Failed, task.ErrInput, 0, `FILE: key "exec"`},
		{`{"url":"` + at("/ok") + `","priority":"urgent","id":"named"}`, task.Failed, task.ErrInput, 0, `FILE: key "priority"`},
		{`{"url":"` + at("/ok") + `","expect":{"body":"("}}`, task.Failed, task.ErrInput, 0, `FILE: key "expect"`},
		{"caf\xe9", task.Failed, task.ErrInput, 0, "FILE: line is not UTF-8"},
		{"https://h/\x00", task.Failed, task.ErrInput, 0, "FILE: line holds a NUL byte"},
		{"h\x00t\x00t\x00p\x00s\x00:\x00", task.Failed, task.ErrInput, 0, "FILE: line is UTF-16"},
		{long + "y", task.Failed, task.ErrInput, 0, "FILE: line is longer than 1048576 bytes"},
		{long, task.Failed, task.ErrInput, 0, "FILE: bad URL"},
		{at("/ok") + " ../up", task.Failed, task.ErrInput, 0, `has a ".." part`},
		{at("/ok"), task.OK, "", 1, ""},
	}
	var list []string
	for _, c := range cases {
		list = append(list, c.line)
	}
	writeLines(t, dir, len(list), func(i int) string { return list[i] })
	p := launch(t, dir, "batch", "--file", "list.txt", "--results", "out.ndjson", "--skip-invalid", "--allow-exec", "--retry-delay", "10ms")
	p.mustEnd(t, 1, time.Minute)
	all := written(t, filepath.Join(dir, "out.ndjson"))
	if len(all) != len(list) {
		t.Fatalf("%d records for %d lines", len(all), len(list))
	}
	slices.SortFunc(all, func(a, b task.Record) int { return int(a.Seq - b.Seq) })
	for i, c := range cases {
		r := all[i]
		kind, message := task.ErrorType(""), ""
		if r.Error != nil {
			kind, message = r.Error.Type, r.Error.Message
		}
		want := strings.Replace(c.message, "FILE", "list.txt:"+strconv.Itoa(i+1), 1)
		if r.Seq != int64(i) || r.Outcome != c.outcome || kind != c.kind || r.Attempts != c.attempts || !strings.Contains(message, want) {
			t.Errorf("%.80q: seq %d, %s, type %q, %d attempts, %.200q; want %s, type %q, %d attempts, with %q",
				c.line, r.Seq, r.Outcome, kind, r.Attempts, message, c.outcome, c.kind, c.attempts, want)
		}
		if len(message) > 1000 || strings.Contains(message, "secret") {
			t.Errorf("%.80q: message %.200q", c.line, message)
		}
	}
	if all[8].ID != "mine" || string(all[8].Meta) != `{"a":[1]}` || all[29].ID != "named" {
		t.Errorf("identities %q and %q, meta %s", all[8].ID, all[29].ID, all[8].Meta)
	}
	if first, second := all[0].ID, all[1].ID; second != first+"#2" {
		t.Errorf("identities of duplicates: %q, %q", first, second)
	}
}

// attacks are names that outputs must not have, or must not be led astray by.
func attacks(url func(path string) string, outside string) []string {
	names := []string{
		"../escaped", "a/../../escaped", "..", ".", "./..", "/", outside + "/absolute", "//" + outside + "/absolute", "..\\escaped", `C:\escaped`,
		"C:escaped", "file:escaped", "nul", "CON", "com1.txt", "a:stream", "trailing. ", "dot.", "a//b", "a/./c", "in/", "~/escaped", "$HOME/escaped",
		"%2e%2e/escaped", "%2e%2e%2fescaped", "leads-out/escaped", "leads-out", "hanging/escaped", "loop/x", "link-file", "up/escaped", "in-link/fine",
		strings.Repeat("n", 255), strings.Repeat("n", 300), strings.Repeat("d/", 600) + "deep", strings.Repeat("é", 150), strings.Repeat("p/", 300) + "q",
		".specify-aaaaaaaaaaaaaaaaaaaaaaaaaa.part", "x.specify.part", "taken/x", "taken", "\u202egnp.exe", "\x1b[2Jescape", "\x7f", "a\x0bb", "-rf", "*", "?", "|", "<", "\"",
	}
	var list []string
	for _, name := range names {
		list = append(list, url("/ok")+" "+name)
	}
	for _, path := range []string{
		"/../escaped", "/a/../../escaped", "/%2e%2e/%2e%2e/escaped", "/..%2f..%2fescaped", "/%2E%2E%5cescaped", "//etc/passwd", "/%00", "/a%00b", "/%1b%5b2J",
		"/" + strings.Repeat("n", 300), "/" + strings.Repeat("n/", 600), "/CON", "/nul.txt", "/a:b", "/a%0d%0aSet-Cookie:x", "/%ff%fe", "/.specify-a.part", "/x?../../escaped",
		"/leads-out/escaped", "/;../escaped", "/%252e%252e/escaped", "/~", "/%", "/%zz", "/ok\x1b[2J", "/ok\u202e", "/ok\x7f",
	} {
		list = append(list, url(path))
	}
	return append(list,
		`{"url":"`+url("/ok")+`","output":"nul\u0000/../../escaped"}`, `{"url":"`+url("/ok")+`","output":"a\nb"}`, `{"url":"`+url("/ok")+`","output":"\u001b]0;x\u0007"}`,
		`{"url":"`+url("/ok")+`","output":"../escaped","id":"\u001b[2J"}`, `{"exec":["echo","x"],"output":"../escaped"}`, `{"exec":["echo","x"],"output":"leads-out/escaped"}`,
		url("/ok")+" nul\x00/../../escaped", url("/ok")+" bad\xff\xfe", strings.Replace(url("/ok"), "127.0.0.1", "..", 1), strings.Replace(url("/ok"), "127.0.0.1", "%2e%2e", 1),
	)
}

// A list that wants to write anywhere but into the folder of outputs gets one
// record for each of its lines, and the folder is all that changes. What a
// terminal would act on reaches neither the records nor standard error.
func TestFolderAttacks(t *testing.T) {
	server := serve(t, 0)
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside")
	folder := filepath.Join(dir, "run", "folder")
	for _, d := range []string{outside, filepath.Join(folder, "in"), filepath.Join(folder, "taken")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(outside, "victim"), []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"leads-out": outside, "hanging": filepath.Join(outside, "nothing"), "loop": "loop", "link-file": filepath.Join(outside, "victim"), "up": "../..", "in-link": "in",
	} {
		if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
	}
	list := attacks(func(path string) string { return strings.TrimSuffix(server.URL(faultserver.Plain, "/"), "/") + path }, outside)
	o := batchIn(t, filepath.Join(dir, "run"), nil, os.Args[0], list, "--output-dir", "folder", "--skip-invalid", "--allow-exec", "--retry", "0", "--expect", "100-599")
	if o.status != 1 && o.status != 4 && o.status != 6 {
		t.Errorf("exit status %d: %s", o.status, tail(o.stderr))
	}
	ok := 0
	for i, r := range o.records {
		switch {
		case r.Outcome == task.OK && r.Output != nil:
			ok++
			info, err := os.Lstat(filepath.Join(folder, filepath.FromSlash(r.Output.Path)))
			if err != nil || !info.Mode().IsRegular() || info.Size() != r.Output.Bytes {
				t.Errorf("%.80q is ok, and its output %q is not there: %v", list[i], r.Output.Path, err)
			}
		case r.Outcome == task.OK:
			t.Errorf("%.80q is ok without an output", list[i])
		case r.Error == nil || !slices.Contains([]task.ErrorType{task.ErrInput, task.ErrOutput, task.ErrOutputCollision, task.ErrBadResponse, task.ErrDNS, task.ErrReset}, r.Error.Type):
			t.Errorf("%.80q: %s, %+v", list[i], r.Outcome, r.Error)
		}
	}
	t.Logf("%d of %d lines found a place in the folder", ok, len(list))
	if ok < 20 {
		t.Errorf("only %d of %d lines are ok: the attacks do not get as far as the disk", ok, len(list))
	}
	mustHold(t, outside, "victim")
	mustHold(t, dir, "outside", "run")
	mustHold(t, filepath.Join(dir, "run"), "folder", "list", "out.ndjson")
	if text, err := os.ReadFile(filepath.Join(outside, "victim")); err != nil || string(text) != "untouched" {
		t.Errorf("the victim: %q, %v", text, err)
	}
	records, err := os.ReadFile(filepath.Join(dir, "run", "out.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	if text := string(records) + o.stderr; strings.ContainsAny(text, "\x1b\x7f\x00\u202e\x07") {
		t.Error("control characters came through")
	}
}

// mustHold fails the test unless a folder holds just these names.
func mustHold(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, names) {
		t.Errorf("%s holds %q, want %q", dir, got, names)
	}
}
