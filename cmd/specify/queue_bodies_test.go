//go:build unix

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/specify-cli/specify/internal/task"
)

// bodyOf is the body of the i-th URL: some KiB, a few none, and a few 3 MiB.
func bodyOf(i int) []byte {
	n := (i + 1) * 7919 % (64 << 10)
	switch i % 25 {
	case 3:
		n = 0
	case 7:
		n = 3 << 20
	}
	body := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(i), byte(i >> 8)}).Read(body) // never fails
	return body
}

// bodyServers answer URLs that end in a number, after they have called before.
func bodyServers(t *testing.T, n int, before func(i int)) (url func(i int) string) {
	var origins []string
	for range n {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			i, err := strconv.Atoi(filepath.Base(r.URL.Path))
			if err != nil {
				http.NotFound(w, r)
				return
			}
			before(i)
			_, _ = w.Write(bodyOf(i)) // the client may be gone
		}))
		t.Cleanup(s.Close)
		origins = append(origins, s.URL)
	}
	return func(i int) string { return origins[i%n] + "/" + strconv.Itoa(i) }
}

// checkBodies compares records and files with what was served.
func checkBodies(t *testing.T, dir string, tasks int) {
	t.Helper()
	ledger := readLedger(t, filepath.Join(dir, "out.ndjson"))
	ledger.want(t, tasks, tasks, 0)
	if ledger.lines != tasks {
		t.Errorf("%d records for %d tasks", ledger.lines, tasks)
	}
	files := 0
	for _, rec := range ledger.newest {
		want := bodyOf(int(rec.Seq))
		sum := sha256.Sum256(want)
		if rec.Output == nil || rec.Output.SHA256 != hex.EncodeToString(sum[:]) || rec.Output.Bytes != int64(len(want)) {
			t.Errorf("task %d: the record says %+v", rec.Seq, rec.Output)
			continue
		}
		if got, err := os.ReadFile(filepath.Join(dir, "out", rec.Output.Path)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("task %d: %d bytes in place of %d, %v", rec.Seq, len(got), len(want), err)
		}
	}
	err := filepath.WalkDir(filepath.Join(dir, "out"), func(_ string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			files++
		}
		return err
	})
	if err != nil || files != tasks {
		t.Errorf("%d files for %d tasks, %v", files, tasks, err)
	}
}

// pieces is how many messages with bodies there are.
func pieces(t *testing.T, js jetstream.JetStream) uint64 {
	t.Helper()
	s, err := js.Stream(t.Context(), "specify-bodies")
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().State.Msgs
}

// unpin lets partitions go that a killed worker has had, which they would do
// themselves some seconds later.
func unpin(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	jobs, err := js.Stream(t.Context(), "specify-jobs")
	if err != nil {
		t.Fatal(err)
	}
	for name := range jobs.ConsumerNames(t.Context()).Name() {
		_ = jobs.UnpinConsumer(t.Context(), name, "worker") // one that has no pin says so
	}
}

// Bodies get from workers to the collector, whichever of them is killed.
func TestQueueBodies(t *testing.T) {
	const tasks = 200
	_, address := natsServer(t, nil)
	js, dir := jetStream(t, address), t.TempDir()
	list := writeLines(t, dir, tasks, bodyServers(t, 12, func(int) { time.Sleep(20 * time.Millisecond) }))
	workers := []*running{startWorker(t, dir, address, "w0"), startWorker(t, dir, address, "w1")}
	awaitWorkers(t, address, 2)
	args := []string{"batch", "--file", list, "--queue", address, "--results", "out.ndjson", "--resume", "--output-dir", "out"}
	p := launch(t, dir, args...)
	eventually(t, "some records are there", func() bool { return recordsSoFar(dir) >= tasks/10 })
	workers[0].Process.Kill()
	workers[0].end(t, time.Minute)
	unpin(t, js)
	for _, at := range []int{tasks / 5, tasks / 3} {
		eventually(t, "more records are there", func() bool { return recordsSoFar(dir) >= at })
		p.Process.Kill()
		p.end(t, time.Minute)
		p = launch(t, dir, args...)
	}
	p.mustEnd(t, 0, time.Minute)
	checkBodies(t, dir, tasks)
	eventually(t, "no body is left on the queue", func() bool { return pieces(t, js) == 0 })
	workers[1].signal(t, syscall.SIGTERM)
	workers[1].mustEnd(t, 143, time.Minute)
}

// What a killed worker has left in TMPDIR the next one removes, and itself leaves
// nothing there.
func TestQueueBodiesSpool(t *testing.T) {
	temp := t.TempDir()
	left := func() []string {
		names, err := filepath.Glob(filepath.Join(temp, "*", "*"))
		dirs, err2 := filepath.Glob(filepath.Join(temp, "*"))
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		return append(dirs, names...)
	}
	for killed := range 2 {
		_, address := natsServer(t, nil)
		dir := t.TempDir()
		list := writeLines(t, dir, 2, bodyServers(t, 1, func(int) {}))
		w := prepared(t, dir, "worker", "--queue", address)
		w.Env = append(w.Env, "TMPDIR="+temp)
		w.launch(t)
		t.Cleanup(func() {
			if w.ProcessState == nil {
				w.Process.Kill()
				_ = w.Wait() // it was killed
			}
		})
		launchAndEnd(t, dir, 0, "batch", "--file", list, "--queue", address, "--results", "out.ndjson", "--output-dir", "out")
		checkBodies(t, dir, 2)
		if now := left(); len(now) != 2 { // a folder, and in it the file that says whose it is
			t.Errorf("while a worker runs: %q", now)
		}
		if killed == 1 {
			w.signal(t, syscall.SIGTERM)
			w.mustEnd(t, 143, time.Minute)
			break
		}
		w.Process.Kill()
		w.end(t, time.Minute)
		old := time.Now().Add(-time.Hour)
		if err := os.Chtimes(left()[0], old, old); err != nil {
			t.Fatal(err)
		}
	}
	if now := left(); len(now) != 0 {
		t.Errorf("in the end: %q", now)
	}
}

// toCollect is the call that --detach has printed.
func toCollect(t *testing.T, p *running) []string {
	t.Helper()
	text := p.stderr.String()
	_, call, ok := strings.Cut(text[max(0, strings.LastIndex(text, ": specify")):], ": specify ")
	if !ok {
		t.Fatal(text)
	}
	return strings.Fields(call)
}

// A body that is gone from the queue, or damaged there, is a failed task, once
// though the collector is killed and run again; a new run fetches it anew. Who attaches must say where bodies go.
func TestQueueBodiesLost(t *testing.T) {
	_, address := natsServer(t, nil)
	js, dir := jetStream(t, address), t.TempDir()
	const tasks = 4
	last := make(chan struct{})
	url := bodyServers(t, 1, func(i int) {
		if i == tasks-1 {
			<-last
		}
	})
	list := writeLines(t, dir, tasks, url)
	startWorker(t, dir, address, "w0", "--per-host", "1")
	detached := launchAndEnd(t, dir, 0, "batch", "--file", list, "--queue", address, "--detach", "--output-dir", "out")
	collect := append(toCollect(t, detached), "--results", "out.ndjson", "--resume")
	run := collect[slices.Index(collect, "--attach")+1]
	results, err := js.Stream(t.Context(), "specify-results")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "all records but one are there", func() bool {
		info, err := results.Info(t.Context())
		return err == nil && info.State.Msgs == tasks-1
	})
	bodies, err := js.Stream(t.Context(), "specify-bodies")
	if err != nil {
		t.Fatal(err)
	}
	for _, seq := range []string{"0", "1"} {
		if err := bodies.Purge(t.Context(), jetstream.WithPurgeSubject("specify.bodies."+run+"."+seq+".>")); err != nil {
			t.Fatal(err)
		}
	}
	// As a collector leaves it that was killed before the record was written.
	_, authority, _ := strings.Cut(url(0), "//")
	place := filepath.Join(dir, "out", filepath.Dir(strings.ReplaceAll(authority, ":", "_")))
	if err := os.MkdirAll(place, 0o755); err != nil {
		t.Fatal(err)
	}
	mustWriteIn(t, place, "0", string(bodyOf(0)))
	m, err := bodies.GetLastMsgForSubject(t.Context(), "specify.bodies."+run+".2.*.0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), m.Subject, bytes.Repeat([]byte("x"), len(m.Data))); err != nil {
		t.Fatal(err)
	}
	refused := launchAndEnd(t, dir, 2, "batch", "--queue", address, "--attach", run, "--results", "out.ndjson")
	if !strings.Contains(refused.stderr.String(), "was begun with --output-dir") {
		t.Errorf("without --output-dir: %s", refused.stderr.String())
	}
	p := launch(t, dir, collect...)
	eventually(t, "all records but one are collected", func() bool { return recordsSoFar(dir) == tasks-1 })
	p.Process.Kill()
	p.end(t, time.Minute)
	p = launch(t, dir, collect...)
	close(last)
	p.mustEnd(t, 6, time.Minute)
	j := readLedger(t, filepath.Join(dir, "out.ndjson"))
	if j.lines != tasks || j.count(task.OK) != 2 || j.count(task.Failed) != 2 {
		t.Errorf("%d records, %d ok, %d failed: %s", j.lines, j.count(task.OK), j.count(task.Failed), p.stderr.String())
	}
	for _, rec := range j.newest {
		if rec.Outcome == task.Failed && (rec.Error == nil || rec.Error.Type != task.ErrOutput || rec.Output != nil) {
			t.Errorf("task %d: %+v, output %+v", rec.Seq, rec.Error, rec.Output)
		}
	}
	if n := pieces(t, js); n != 0 {
		t.Errorf("%d pieces are left", n)
	}
	launchAndEnd(t, dir, 0, "batch", "--file", list, "--queue", address, "--results", "out.ndjson", "--resume", "--output-dir", "out")
	j = readLedger(t, filepath.Join(dir, "out.ndjson"))
	j.want(t, tasks, tasks, 0)
	plain := launchAndEnd(t, dir, 0, "batch", "--file", list, "--queue", address, "--detach")
	if p := launchAndEnd(t, dir, 2, append(toCollect(t, plain), "--output-dir", "out")...); !strings.Contains(p.stderr.String(), "begun without --output-dir") {
		t.Errorf("with --output-dir, which the run was begun without: %s", p.stderr.String())
	}
}
