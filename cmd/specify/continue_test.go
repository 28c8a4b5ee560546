package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/task"
)

// content is what /range/SIZE/ID serves.
func content(t *testing.T, id string, size int64) string {
	t.Helper()
	b, err := io.ReadAll(faultserver.Content(id, size))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// asked returns the Range fields of the requests for a path, "-" for none.
func asked(server *faultserver.Server, path string) (ranges []string) {
	for _, r := range server.Log() {
		if r.Path != path {
			continue
		}
		asked := r.Header.Get("Range")
		if asked == "" {
			asked = "-"
		}
		ranges = append(ranges, asked)
	}
	return ranges
}

// here runs the program in dir, and returns what it wrote to standard output
// and its exit status.
func here(t *testing.T, dir string, args ...string) (stdout string, status int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Args[0] = "specify" // TestMain goes by it
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, hasty}
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// holds checks all the files in dir, by name.
func holds(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		got, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		text, ok := want[entry.Name()]
		if err != nil || !ok || string(got) != text {
			t.Errorf("%s has %d bytes, want %d: %v", entry.Name(), len(got), len(text), err)
		}
		delete(want, entry.Name())
	}
	for name := range want {
		t.Errorf("there is no %s", name)
	}
}

// Of a body that breaks in the middle the second request asks for the second
// half only: to a file and to a pipe. When the entity has changed meanwhile the
// whole is fetched, and a pipe, which has the beginning of the other, fails.
func TestBrokenTransferGoesOn(t *testing.T) {
	const size = 100_000
	for _, tt := range []struct {
		query  string
		second string // what the second request asks for
		third  string // and the third
		change bool
	}{
		{"cut=50000", "bytes=50000-", "", false},
		{"cut=50000&end=reset", "", "", false}, // a reset may overtake what came before it
		{"cut=50000&etag=none&lm=1", "bytes=50000-", "", false},
		{"cut=50000&etag=none", "-", "", false},
		{"cut=50000&etag=weak", "-", "", false},
		{"cut=50000&etag=change", "bytes=50000-", "", true},
		{"cut=50000&etag=change&ifrange=ignore", "bytes=50000-", "-", true},
		{"cut=50000&range=ignore", "bytes=50000-", "", false},
		{"cut=50000&range=lie-start", "bytes=50000-", "-", false},
		{"cut=50000&range=lie-total", "bytes=50000-", "-", false},
		{"cut=50000&range=lie-none", "bytes=50000-", "-", false},
		{"cut=50000&range=416", "bytes=50000-", "-", false},
	} {
		t.Run(tt.query, func(t *testing.T) {
			t.Parallel()
			server := serve(t, 1)
			path := fmt.Sprintf("/range/%d/x", size)
			url := server.URL("origin1", path+"?"+tt.query)
			want := content(t, "x", size)
			if tt.change {
				want = content(t, "x#2", size)
			}
			dir := t.TempDir()
			_, status := here(t, dir, "fetch", url, "-o", "x", "--retry-delay", "1ms")
			if status != 0 {
				t.Errorf("exit status %d", status)
			}
			holds(t, dir, map[string]string{"x": want})
			ranges := append(asked(server, path), "")
			if tt.second != "" && ranges[1] != tt.second || tt.third != "" && ranges[2] != tt.third {
				t.Errorf("asked for %q", ranges)
			}

			server.Reset()
			out, status := here(t, dir, "fetch", url, "--retry-delay", "1ms")
			if pieced := tt.second == "bytes=50000-" && !tt.change && !strings.Contains(tt.query, "range="); pieced && (status != 0 || out != want) {
				t.Errorf("to a pipe: exit status %d, %d bytes", status, len(out))
			}
			if status == 0 && out != want || tt.change && status != 1 {
				t.Errorf("to a pipe: exit status %d with %d bytes", status, len(out))
			}
		})
	}
}

// What a batch pieced together says so, and its sum is that of the whole.
func TestPiecedRecord(t *testing.T) {
	server := serve(t, 1)
	dir := t.TempDir()
	list := []string{server.URL("origin1", "/range/100000/x?cut=50000") + " x"}
	o := batchIn(t, dir, nil, os.Args[0], list, "--output-dir", "out", "--retry-delay", "1ms")
	o.allOK(t)
	r := o.records[0]
	if r.Resumed != 50_000 || r.Bytes != 100_000 || r.Output == nil || r.Output.Bytes != 100_000 || r.Status != 206 || r.Attempts != 2 {
		t.Errorf("%+v", r)
	}
	sum, status := here(t, dir, "fetch", server.URL("origin1", "/hash/100000/x"))
	if status != 0 || r.Output == nil || sum != r.Output.SHA256 {
		t.Errorf("sha256 %v, want %s", r.Output, sum)
	}
}

// --continue goes on with what curl, wget or an earlier run has left, and never
// loses it.
func TestContinue(t *testing.T) {
	const size = 10_000
	whole, other := content(t, "x", size), content(t, "y", size)
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) // before the server's Last-Modified
	for name, tt := range map[string]struct {
		have   string
		age    time.Time // zero is now
		path   string
		args   []string
		status int
		asked  []string
		want   string // the file then
		part   string // what is kept beside it
	}{
		"partial":             {have: whole[:4000], path: "x", asked: []string{"bytes=4000-"}, want: whole},
		"nothing":             {path: "x", asked: []string{"-"}, want: whole},
		"complete":            {have: whole, path: "x", asked: []string{"bytes=10000-"}, want: whole},
		"no ranges":           {have: whole[:4000], path: "x?range=ignore", asked: []string{"bytes=4000-"}, want: whole},
		"complete, no ranges": {have: whole, path: "x?range=ignore", asked: []string{"bytes=10000-"}, want: whole},
		"too long":            {have: whole + "more", path: "x", asked: []string{"bytes=10004-", "-"}, want: whole},
		"outdated":            {have: other[:4000], age: old, path: "x?lm=1", asked: []string{"bytes=4000-", "-"}, want: whole},
		"outdated, as long":   {have: other, age: old, path: "x?lm=1&range=ignore", asked: []string{"bytes=10000-"}, want: whole},
		"not found":           {have: whole[:4000], path: "../../status/404", status: 1, asked: []string{"bytes=4000-"}, want: whole[:4000]},
		"lies":                {have: whole[:4000], path: "x?range=lie-start", asked: []string{"bytes=4000-", "-"}, want: whole},
		"breaks again": {have: whole[:4000], path: "x?cut=1000&cuts=9", args: []string{"--retry", "1"}, status: 1,
			asked: []string{"bytes=4000-", "bytes=5000-"}, want: whole[:4000], part: whole[:6000]},
		"breaks, then goes on": {have: whole[:4000], path: "x?cut=1000&cuts=2", asked: []string{"bytes=4000-", "bytes=5000-", "bytes=6000-"}, want: whole},
		"wrong sum": {have: other[:4000], path: "x", args: []string{"--checksum", "sha256:" + strings.Repeat("0", 64)}, status: 4,
			asked: []string{"bytes=4000-"}, want: other[:4000]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, 1)
			path := filepath.ToSlash(filepath.Clean(fmt.Sprintf("/range/%d/%s", size, tt.path)))
			dir := t.TempDir()
			file := filepath.Join(dir, "x")
			want := map[string]string{"x": tt.want}
			if tt.part != "" {
				want["x.specify.part"] = tt.part
			}
			if tt.have != "" {
				if err := os.WriteFile(file, []byte(tt.have), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if !tt.age.IsZero() {
				if err := os.Chtimes(file, tt.age, tt.age); err != nil {
					t.Fatal(err)
				}
			}
			args := append([]string{"fetch", "-c", server.URL("origin1", path), "-o", "x", "--retry-delay", "1ms"}, tt.args...)
			if _, status := here(t, dir, args...); status != tt.status {
				t.Errorf("exit status %d, want %d", status, tt.status)
			}
			holds(t, dir, want)
			bare, _, _ := strings.Cut(path, "?")
			if got := asked(server, bare); !slices.Equal(got, tt.asked) {
				t.Errorf("asked for %q, want %q", got, tt.asked)
			}
		})
	}
}

// A command says everything again: what it said before is not gone on with.
func TestContinueCommand(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), []byte("before "), 0o600); err != nil {
		t.Fatal(err)
	}
	list := []string{line(t, map[string]any{"exec": []string{"echo", "now"}, "output": "x"})}
	o := batchIn(t, dir, nil, os.Args[0], list, "--allow-exec", "--continue")
	o.allOK(t)
	if got, err := os.ReadFile(filepath.Join(dir, "x")); err != nil || string(got) != "now\n" {
		t.Errorf("%q, %v", got, err)
	}
}

// batch goes on with each of its files, its own parts among them; without an
// output there is nothing to go on with.
func TestContinueBatch(t *testing.T) {
	server := serve(t, 1)
	dir := t.TempDir()
	whole := content(t, "x", 10_000)
	list := []string{server.URL("origin1", "/range/10000/x?cut=4000&cuts=1") + " x"}
	o := batchIn(t, dir, nil, os.Args[0], list, "--output-dir", "out", "--continue", "--retry", "0")
	if o.ok() != 0 {
		t.Fatal("a cut body is ok")
	}
	holds(t, filepath.Join(dir, "out"), map[string]string{"x.specify.part": whole[:4000]})
	out, status := here(t, dir, "batch", "--file", "list", "--output-dir", "out", "-c", "--format", "ndjson")
	var r task.Record
	if err := json.Unmarshal([]byte(out), &r); err != nil || status != 0 {
		t.Fatalf("exit status %d, %v: %s", status, err, out)
	}
	if r.Resumed != 4000 || r.Bytes != 10_000 || r.Output == nil || r.Output.Bytes != 10_000 || r.Output.SHA256 == "" {
		t.Errorf("%s", out)
	}
	holds(t, filepath.Join(dir, "out"), map[string]string{"x": whole})
	if got := asked(server, "/range/10000/x"); !slices.Equal(got, []string{"-", "bytes=4000-"}) {
		t.Errorf("asked for %q", got)
	}
	if _, status := here(t, dir, "fetch", "-c", list[0]); status != 2 {
		t.Errorf("fetch -c to standard output: exit status %d", status)
	}
}
