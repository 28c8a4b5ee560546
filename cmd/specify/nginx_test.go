package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// A real list on a real server: ten thousand URLs on nginx, of which some are
// not there, some are shed with 503, some throttled with 429 and Retry-After,
// and some hosts refuse. Ten thousand records, and each agrees with what nginx
// logged.
func TestNginx(t *testing.T) {
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip("nginx is not installed (Debian: nginx-light): its ten thousand URLs are not fetched")
	}
	dir, ports := startNginx(t, nginx)
	urls := nginxList(ports)
	list := filepath.Join(dir, "urls.txt")
	if err := os.WriteFile(list, []byte(strings.Join(urls, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	results := filepath.Join(dir, "out.ndjson")
	// With three retries one run of ten has a URL that is shed each time.
	stderr, status := specify(t, nil, "batch", "--file", list, "--results", results, "--breaker-cooldown", "2s", "--retry", "6")
	if status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
	t.Log(lastLine(stderr))

	// What nginx saw, by URL: the statuses in their order.
	time.Sleep(1100 * time.Millisecond) // its log is flushed each second
	seen := make(map[string][]string)
	for line := range fileLines(t, filepath.Join(dir, "access.log")) {
		port, rest, _ := strings.Cut(line, " ")
		status, path, _ := strings.Cut(rest, " ")
		url := "http://127.0.0.1:" + port + path
		seen[url] = append(seen[url], status)
	}
	retried := map[string]int{}
	got := make([]bool, len(urls))
	for line := range fileLines(t, results) {
		var r task.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if got[r.Seq] || r.URL != urls[r.Seq] {
			t.Fatalf("task %d (%s) has a second record, or that of another: %s", r.Seq, urls[r.Seq], line)
		}
		got[r.Seq] = true
		want := "ok"
		switch path := r.URL[strings.LastIndexByte(r.URL, ':'):]; {
		case strings.Contains(path, "/gone/"):
			want = "404"
		case strings.Contains(path, "/dead/"):
			want = "connect or circuit_open"
		}
		is := string(r.Outcome)
		if r.Error != nil {
			is = string(r.Error.Type)
		}
		if !strings.Contains(want, is) {
			t.Errorf("%s: %s, want %s", r.URL, is, want)
		}
		if answers := seen[r.URL]; r.Status != 0 && (len(answers) != r.Attempts || answers[len(answers)-1] != fmt.Sprint(r.Status)) {
			t.Errorf("%s: %d attempts, the last %d; nginx answered %v", r.URL, r.Attempts, r.Status, answers)
		}
		for _, retry := range r.Retries {
			retried[fmt.Sprint(retry.Status, " ", retry.Reason)]++
		}
	}
	for seq, there := range got {
		if !there {
			t.Errorf("no record of task %d", seq)
		}
	}
	t.Logf("retries by status and reason: %v", retried)
	if retried["503 backoff"] == 0 || retried["429 retry_after"] == 0 {
		t.Error("nginx shed or throttled nothing: the test shows less than it should")
	}
}

// nginxList is ten thousand URLs, of all kinds in turn.
func nginxList(ports map[string]int) []string {
	var urls []string
	add := func(port, folder string, i int) {
		urls = append(urls, fmt.Sprintf("http://127.0.0.1:%d/%s/%d", ports[port], folder, i))
	}
	for i := range 10_000 {
		switch i % 100 {
		case 10, 30, 50, 70, 90:
			add("PORT_DATA", "gone", i)
		case 3, 23, 43, 63, 83:
			add("PORT_SHED", "shed", i)
		case 6, 56:
			add("PORT_THROTTLE", "throttled", i)
		case 99:
			add("dead"+fmt.Sprint(i%3), "dead", i)
		default:
			add("PORT_DATA", "data", i)
		}
	}
	return urls
}

// startNginx runs nginx in a temporary folder until the test ends. Its ports,
// and some that nobody listens on, are by the names of nginx.conf.
func startNginx(t *testing.T, nginx string) (dir string, ports map[string]int) {
	t.Helper()
	dir, err := os.MkdirTemp("", "nginx") // not t.TempDir: nginx's worker may be another user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	conf, err := os.ReadFile(filepath.Join("..", "..", "testdata", "nginx", "nginx.conf"))
	if err != nil {
		t.Fatal(err)
	}
	ports = map[string]int{}
	for _, name := range []string{"PORT_DATA", "PORT_SHED", "PORT_THROTTLE", "dead0", "dead1", "dead2"} {
		ports[name] = freePort(t)
		conf = bytes.ReplaceAll(conf, []byte(name), fmt.Append(nil, ports[name]))
	}
	conf = bytes.ReplaceAll(conf, []byte("DIR"), []byte(dir))
	www := filepath.Join(dir, "www")
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(www, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(www, "200-bytes"), bytes.Repeat([]byte("x"), 200), 0o644); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, conf, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(nginx, "-p", dir, "-e", filepath.Join(dir, "error.log"), "-c", path)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	for range 100 {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", ports["PORT_THROTTLE"]))
		if err == nil {
			_ = c.Close()
			return dir, ports
		}
		time.Sleep(50 * time.Millisecond)
	}
	log, _ := os.ReadFile(filepath.Join(dir, "error.log"))
	t.Fatalf("nginx does not listen: %s", log)
	return "", nil
}

// freePort returns a port that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// fileLines yields the lines of a file.
func fileLines(t *testing.T, name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		in := bufio.NewScanner(f)
		for in.Scan() {
			if !yield(in.Text()) {
				return
			}
		}
		if err := in.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func lastLine(s string) string {
	s = strings.TrimRight(s, "\n")
	return s[strings.LastIndexByte(s, '\n')+1:]
}
