//go:build unix

package main

import (
	"context"
	"encoding/json"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/runtime/queue"
)

// Over a queue a list ends as it does here: the same records, outputs and exit
// status.
func TestQueueSameAsLocal(t *testing.T) {
	target, err := faultserver.Start(faultserver.Config{Origins: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	base := strings.TrimSuffix(target.URL("plain", "/"), "/")
	list := []string{
		base + "/status/200 a/one", base + "/status/404", base + "/status/503", base + "/status/200 a/one",
		`{"url":"` + base + `/status/200","method":"POST","json":{"a":1},"headers":{"X-Secret":"s"},"priority":"critical","meta":{"k":[1]},"id":"mine"}`,
		`{"url":"` + base + `/status/201","expect":{"status":"200"}}`, `{"exec":["sh","-c","echo out; exit 3"]}`, `{"exec":["echo","hi"],"output":"b/two"}`,
		`{"urls":["` + base + `/status/500","` + base + `/status/200"],"retry":0}`, `not a url`, base + "/cl-short",
	}
	policy := []string{"--retry-delay", "10ms", "--retry", "1", "--inline-body", "--allow-exec"}
	input := []string{"batch", "--file", "list.txt", "--results", "out.ndjson", "--skip-invalid", "--allow-exec"}
	folder := []string{"--output-dir", "out"}
	here := t.TempDir()
	mustWriteIn(t, here, "list.txt", strings.Join(list, "\n"))
	local := launch(t, here, slices.Concat(input, policy, folder)...)
	status := local.end(t, time.Minute)
	for who, flags := range map[string][2][]string{"workers keep bodies": {nil, folder}, "the collector keeps bodies": {folder, nil}} {
		_, address := natsServer(t, nil)
		there := t.TempDir()
		mustWriteIn(t, there, "list.txt", strings.Join(list, "\n"))
		startWorker(t, there, address, "w0", slices.Concat(policy, flags[1])...)
		remote := launchAndEnd(t, there, status, slices.Concat(input, flags[0], []string{"--queue", address})...)
		if diff := cmp.Diff(recordsOf(t, here), recordsOf(t, there)); diff != "" {
			t.Errorf("%s: (-here +over the queue):\n%s\n%s", who, diff, remote.stderr.String())
		}
		if diff := cmp.Diff(filesBelow(t, here), filesBelow(t, there)); diff != "" {
			t.Errorf("%s: (-here +over the queue):\n%s", who, diff)
		}
	}
}

// filesBelow are the files in a run's output folder.
func filesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	all, root := make(map[string]string), os.DirFS(filepath.Join(dir, "out"))
	err := fs.WalkDir(root, ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && !strings.Contains(name, ".specify-") {
			var text []byte
			text, err = fs.ReadFile(root, name)
			all[name] = string(text)
		}
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("%d files, %v", len(all), err)
	}
	return all
}

func mustWriteIn(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// recordsOf are the records of a run by identity, without what time and place
// make of them.
func recordsOf(t *testing.T, dir string) map[string]map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "out.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]map[string]any)
	for line := range strings.Lines(string(text)) {
		var rec map[string]any
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatal(err)
		}
		id := rec["id"].(string)
		if all[id] != nil {
			t.Errorf("two records of %s", id)
		}
		for _, key := range []string{"start", "duration", "timing", "retries"} {
			delete(rec, key)
		}
		all[id] = rec
	}
	return all
}

// A call that cannot succeed says why, and how to tell it from one that may
// succeed later.
func TestQueueUnusable(t *testing.T) {
	locked := startNATS(t, &server.Options{Host: "127.0.0.1", Port: -1, Username: "u", Password: "right", NoSigs: true, NoLog: true})
	t.Cleanup(locked.Shutdown)
	closed := startNATS(t, &server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true})
	gone := closed.ClientURL()
	closed.Shutdown()
	_, at, _ := strings.Cut(locked.ClientURL(), "//")
	at = at[strings.LastIndexByte(at, '@')+1:]
	for _, test := range []struct {
		name, address string
		status        int
		says          string
	}{
		{"wrong password", "nats://u:hunter2@" + at, 2, "authorization"},
		{"no JetStream", "nats://u:right@" + at, 2, "jetstream not enabled"},
		{"nobody there", gone, 3, "no servers available"},
		{"no address", "queue.internal", 2, "nats://HOST"},
		{"bad address", "nats://u:hunter2@h:x", 2, "cannot be read"},
	} {
		for _, args := range [][]string{{"worker"}, {"batch", "http://127.0.0.1:1/"}} {
			p := launch(t, t.TempDir(), append(args, "--queue", test.address)...)
			status := p.end(t, time.Minute)
			text := p.stderr.String()
			if status != test.status || !strings.Contains(strings.ToLower(text), strings.ToLower(test.says)) || strings.Contains(text, "hunter2") {
				t.Errorf("%s, %s: exit status %d, %s", test.name, args[0], status, text)
			}
		}
	}
}

// A stream that is full holds the list back, and nothing is lost.
func TestQueueFull(t *testing.T) {
	f := newFleet(t, 2, 0)
	_, address := natsServer(t, nil)
	js := jetStream(t, address)
	stream, err := js.Stream(t.Context(), "specify-jobs")
	if err != nil {
		t.Fatal(err)
	}
	config := stream.CachedInfo().Config
	config.MaxBytes = 32 << 10
	if _, err := js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p := launch(t, dir, "batch", "--file", writeLines(t, dir, 1000, f.url), "--queue", address, "--results", "out.ndjson")
	eventually(t, "the stream is full", func() bool {
		info, err := stream.Info(t.Context())
		return err == nil && info.State.Bytes > 30<<10
	})
	time.Sleep(time.Second)
	startWorker(t, dir, address, "w0")
	p.mustEnd(t, 0, time.Minute)
	readLedger(t, filepath.Join(dir, "out.ndjson")).want(t, 1000, 1000, 0)
	if f.check(t, 2) != 1000 || !strings.Contains(p.stderr.String(), "cannot put a task on the queue") {
		t.Errorf("%s", p.stderr.String())
	}
}

// The server goes away in the middle of a run and comes back.
func TestQueueServerRestarted(t *testing.T) {
	f := newFleet(t, 4, 5*time.Millisecond)
	store := t.TempDir()
	s, address := natsServer(t, func(o *server.Options) { o.StoreDir = store })
	dir := t.TempDir()
	startWorker(t, dir, address, "w0")
	p := launch(t, dir, "batch", "--file", writeLines(t, dir, 2000, f.url), "--queue", address, "--results", "out.ndjson")
	eventually(t, "some records are there", func() bool { return recordsSoFar(dir) > 200 })
	at := s.Addr().(*net.TCPAddr)
	s.Shutdown()
	s.WaitForShutdown()
	time.Sleep(500 * time.Millisecond)
	again := startNATS(t, &server.Options{Host: "127.0.0.1", Port: at.Port, JetStream: true, StoreDir: store, NoSigs: true, NoLog: true})
	t.Cleanup(again.Shutdown)
	p.mustEnd(t, 0, time.Minute)
	readLedger(t, filepath.Join(dir, "out.ndjson")).want(t, 2000, 2000, 0)
	if n := recordsSoFar(dir); n != 2000 || !strings.Contains(p.stderr.String(), "the connection to the queue is back") {
		t.Errorf("%d records: %s", n, p.stderr.String())
	}
	t.Logf("%d requests; %s", f.check(t, 2), p.stderr.String())
}

// A task that only a newer version understands stays on the queue, and the
// worker says so.
func TestQueueNewerTask(t *testing.T) {
	_, address := natsServer(t, nil)
	js := jetStream(t, address)
	if _, err := js.Publish(t.Context(), "specify.jobs.3.abc", []byte(`{"v":2,"steps":[]}`)); err != nil {
		t.Fatal(err)
	}
	p := startWorker(t, t.TempDir(), address, "w0")
	p.mustEnd(t, 2, time.Minute)
	if !strings.Contains(p.stderr.String(), "version 2") || !strings.Contains(p.stderr.String(), "hint") {
		t.Error(p.stderr.String())
	}
	stream, err := js.Stream(t.Context(), "specify-jobs")
	if err != nil {
		t.Fatal(err)
	}
	if stream.CachedInfo().State.Msgs != 1 {
		t.Error("the task is gone")
	}
}

// A task that workers begin and never end fails, instead of going round for
// ever.
func TestQueuePoison(t *testing.T) {
	f := newFleet(t, 1, 0)
	_, address := natsServer(t, nil)
	dir := t.TempDir()
	p := launchAndEnd(t, dir, 0, "batch", f.url(0), "--queue", address, "--detach")
	_, run, _ := strings.Cut(strings.TrimSpace(p.stderr.String()), "--attach ")
	q, err := queue.Open(t.Context(), queue.Options{URL: address, Getenv: os.Getenv, Warn: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	ctx, cancel := context.WithCancel(t.Context())
	err = q.Work(ctx, func(context.Context) queue.Taker { // delivered once, and given back
		return func(m *queue.Message) {
			m.Return()
			cancel()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	begun, err := jetStream(t, address).KeyValue(t.Context(), "specify-begun")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := begun.Put(t.Context(), run+".1", []byte("4")); err != nil { // as if four had not come back
		t.Fatal(err)
	}
	startWorker(t, dir, address, "w0")
	collect := launchAndEnd(t, dir, 1, "batch", "--queue", address, "--attach", run, "--results", "out.ndjson")
	if !strings.Contains(collect.stderr.String(), "5 workers have begun this task") || f.check(t, 1) != 0 {
		t.Errorf("%d requests: %s", f.check(t, 1), collect.stderr.String())
	}
}

// The list must be the one that the run was begun with.
func TestQueueChangedList(t *testing.T) {
	f := newFleet(t, 1, 0)
	_, address := natsServer(t, nil)
	dir := t.TempDir()
	args := []string{"batch", "--file", writeLines(t, dir, 10, f.url), "--queue", address, "--results", "out.ndjson", "--resume"}
	p := launch(t, dir, args...)
	eventually(t, "the run has a name", func() bool {
		_, err := os.Stat(filepath.Join(dir, "out.ndjson.run"))
		return err == nil
	})
	time.Sleep(100 * time.Millisecond)
	p.Process.Signal(syscall.SIGINT)
	p.mustEnd(t, 130, time.Minute)
	writeLines(t, dir, 11, f.url)
	p = launchAndEnd(t, dir, 2, args...)
	if !strings.Contains(p.stderr.String(), "not the one that run") {
		t.Error(p.stderr.String())
	}
}

// What is for workers to know is refused, rather than ignored.
func TestQueueUsage(t *testing.T) {
	for _, line := range []string{
		"worker", "batch http://h/ --detach", "batch http://h/ --attach x", "batch --queue nats://h --detach", "batch http://h/ --queue nats://h --per-host 3",
		"batch http://h/ --queue nats://h -H A:1", "batch http://h/ --queue nats://h --checksums s", "batch http://h/ --queue nats://h --ordered",
		"batch http://h/ --queue nats://h --fail-early", "batch http://h/ --queue nats://h --retry 1", "batch http://h/ --queue nats://h --detach --results f",
		"worker --queue nats://h http://h/", "worker --queue nats://h --request PUT",
	} {
		p := launchAndEnd(t, t.TempDir(), 2, strings.Fields(line)...)
		if strings.Contains(p.stderr.String(), "no servers") || strings.Contains(p.stderr.String(), "lookup") {
			t.Errorf("%s: %s", line, p.stderr.String())
		}
	}
}

func jetStream(t *testing.T, address string) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}
