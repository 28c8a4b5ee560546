//go:build unix

package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/specify-cli/specify/internal/faultserver"
)

// hosts are the servers of the documents: what they answer, as a path of the
// fault server. Another path is 404; an empty host refuses connections.
var hosts = map[string]map[string]string{
	"https://example.com": {
		"/status.txt": "/ok",
		"/a.tgz":      "/bytes/20000",
		"/b.tgz":      "/bytes/1200000",
		"/page":       "/cond/page",
	},
	"https://flaky.example.com": {
		"/c.tgz": "/cut-then-ok/1/c?size=500000", // the first answer breaks off
		"/job":   "/flaky/2/job",
	},
	"https://busy.example.com": { // asks all to wait a second, once
		"/1": "/throttle/1?scope=origin&after=1",
		"/2": "/throttle/2?scope=origin&after=1",
		"/3": "/throttle/3?scope=origin&after=1",
	},
	"https://api.example.com": {
		"/items": "/echo",
	},
	"https://down.example.com": nil,
}

// world is a folder for the commands of one document, and servers that stand in
// for the hosts that the document names.
type world struct {
	dir         string
	there, back *strings.Replacer // host names to servers, and the other way
	queue       string            // port of the NATS server that a document may start
}

func newWorld(t *testing.T) *world {
	t.Helper()
	faults, err := faultserver.Start(faultserver.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(faults.Close)
	var there, back []string
	for host, paths := range hosts {
		base := strings.TrimSuffix(faults.URL(faultserver.Refused, "/"), "/")
		if paths != nil {
			server := httptest.NewServer(site(faults, paths))
			t.Cleanup(server.Close)
			base = server.URL
		}
		name, addr := strings.TrimPrefix(host, "https://"), strings.TrimPrefix(base, "http://")
		there = append(there, host, base)
		back = append(back, base, host, addr, name, strings.ReplaceAll(addr, ":", "_"), name)
	}
	queue := fmt.Sprint(freePorts(t, 1)[0])
	there = append(there, "nats://127.0.0.1", "nats://127.0.0.1:"+queue)
	back = append(back, "nats://127.0.0.1:"+queue, "nats://127.0.0.1")
	w := &world{t.TempDir(), strings.NewReplacer(there...), strings.NewReplacer(back...), queue}
	for _, name := range []string{"bin", "home", "work"} {
		if err := os.Mkdir(filepath.Join(w.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	list := "https://example.com/a.tgz\nhttps://example.com/b.tgz\nhttps://flaky.example.com/c.tgz\n"
	if err := os.WriteFile(filepath.Join(w.dir, "work", "urls.txt"), []byte(w.there.Replace(list)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"specify", "nats-server"} { // TestMain goes by it
		if err := os.Symlink(os.Args[0], filepath.Join(w.dir, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func site(faults *faultserver.Server, paths map[string]string) http.Handler {
	return &httputil.ReverseProxy{
		ErrorLog: log.New(io.Discard, "", 0), // it tells of bodies that break off: they are to
		Rewrite: func(r *httputil.ProxyRequest) {
			path, ok := paths[r.In.URL.Path]
			if !ok {
				path = "/status/404"
			}
			to, err := url.Parse(faults.URL(faultserver.Plain, path))
			if err != nil {
				panic(err) // the table above is wrong
			}
			r.Out.URL = to
		},
	}
}

// result is what became of a command.
type result struct {
	output string
	status int
}

// bash runs the commands one after another in one shell; fewer results than
// commands mean that the shell ended.
func (w *world) bash(t *testing.T, list []command) (results []result) {
	t.Helper()
	const end = "\x01end "
	var all strings.Builder
	for _, c := range list {
		text := strings.ReplaceAll(w.there.Replace(c.text), "${{ matrix.shard }}", "1")
		fmt.Fprintf(&all, "%s\nstatus=$?; printf '\\n\\001end %%d\\n' $status; (exit $status)\n", text)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", all.String())
	cmd.Dir = filepath.Join(w.dir, "work")
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "SPECIFY_") || strings.HasPrefix(v, "OTEL_") || strings.HasPrefix(v, "GITHUB_") || strings.HasPrefix(v, "XDG_")
	}), "PATH="+filepath.Join(w.dir, "bin")+":"+os.Getenv("PATH"), "HOME="+filepath.Join(w.dir, "home"),
		"NATS_PORT="+w.queue, "CI=true", "CI_NODE_INDEX=1", "CI_NODE_TOTAL=4", "SHARD=1")
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(out), end)
	for i, part := range parts[1:] {
		number, _, _ := strings.Cut(part, "\n")
		status, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("%q is no status", number)
		}
		output := parts[i]
		if i > 0 {
			_, output, _ = strings.Cut(output, "\n")
		}
		output = w.back.Replace(strings.TrimSuffix(output, "\n"))
		if strings.HasSuffix(list[i].text, "| sort") { // by the names that are shown
			lines := slices.Sorted(strings.Lines(output))
			output = strings.Join(lines, "")
		}
		results = append(results, result{output, status})
	}
	return results
}
