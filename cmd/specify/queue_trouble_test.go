//go:build unix

package main

import (
	"crypto/tls"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

// bothRefuse fails the test unless worker and batch end with status 2 and say
// why.
func bothRefuse(t *testing.T, address, why string) {
	t.Helper()
	for _, args := range [][]string{{"worker"}, {"batch", "http://127.0.0.1:1/"}} {
		p := launchAndEnd(t, t.TempDir(), 2, append(args, "--queue", address)...)
		if !strings.Contains(p.stderr.String(), why) {
			t.Errorf("%s: %s", args[0], p.stderr.String())
		}
	}
}

// Rights that are missing are told in the server's words, at once.
func TestQueueDenied(t *testing.T) {
	s := startNATS(t, &server.Options{
		Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
		Users: []*server.User{{Username: "u", Password: "p", Permissions: &server.Permissions{
			Publish: &server.SubjectPermission{Deny: []string{"$JS.API.STREAM.>"}},
		}}},
	})
	t.Cleanup(s.Shutdown)
	began := time.Now()
	bothRefuse(t, "nats://u:p@"+s.Addr().String(), `Permissions Violation for Publish to "$JS.API.STREAM.INFO.specify-jobs"`)
	if took := time.Since(began); took > 8*time.Second { // two programs, and no wait for an answer
		t.Errorf("it took %v", took)
	}
}

// A certificate that nobody vouches for.
func TestQueueCertificate(t *testing.T) {
	pair := httptest.NewUnstartedServer(nil)
	pair.StartTLS()
	t.Cleanup(pair.Close)
	s := startNATS(t, &server.Options{
		Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
		TLSConfig: &tls.Config{Certificates: pair.TLS.Certificates},
	})
	t.Cleanup(s.Shutdown)
	bothRefuse(t, "tls://"+s.Addr().String(), "x509: certificate signed by unknown authority")
}

// Streams, runs and records of a newer version are not touched.
func TestQueueNewer(t *testing.T) {
	_, address := natsServer(t, nil)
	js := jetStream(t, address)
	f := newFleet(t, 1, 0)
	dir := t.TempDir()
	detach := func() string {
		p := launchAndEnd(t, dir, 0, "batch", f.url(0), "--queue", address, "--detach")
		_, run, _ := strings.Cut(strings.TrimSpace(p.stderr.String()), "--attach ")
		return run
	}
	refused := func(run, why string) {
		t.Helper()
		p := launchAndEnd(t, dir, 2, "batch", "--queue", address, "--attach", run)
		if !strings.Contains(p.stderr.String(), why) || p.stdout.Len() > 0 {
			t.Errorf("%s%s", p.stdout.String(), p.stderr.String())
		}
	}
	run := detach()
	if _, err := js.Publish(t.Context(), "specify.results."+run, []byte(`{"v":2,"seq":0,"id":"x"}`)); err != nil {
		t.Fatal(err)
	}
	refused(run, "is a worker of another version?")
	results, err := js.Stream(t.Context(), "specify-results")
	if err != nil || results.CachedInfo().State.Msgs != 1 {
		t.Errorf("the record is gone: %v", err)
	}
	runs, err := js.KeyValue(t.Context(), "specify-runs")
	if err != nil {
		t.Fatal(err)
	}
	run = detach()
	if _, err := runs.Put(t.Context(), run, []byte(`{"v":2}`)); err != nil {
		t.Fatal(err)
	}
	refused(run, "version 2")
	jobs, err := js.Stream(t.Context(), "specify-jobs")
	if err != nil {
		t.Fatal(err)
	}
	config := jobs.CachedInfo().Config
	config.Metadata["specify-version"] = "2"
	if _, err := js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	bothRefuse(t, address, "version 2, which is newer")
}

// When there is no room for records, workers wait and say so; nothing is lost.
func TestQueueResultsFull(t *testing.T) {
	f := newFleet(t, 2, 0)
	_, address := natsServer(t, nil)
	js := jetStream(t, address)
	limit := func(bytes int64) jetstream.Stream {
		s, err := js.Stream(t.Context(), "specify-results")
		if err != nil {
			t.Fatal(err)
		}
		config := s.CachedInfo().Config
		config.MaxBytes = bytes
		if s, err = js.UpdateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		return s
	}
	stream := limit(64 << 10)
	dir := t.TempDir()
	w := startWorker(t, dir, address, "w0")
	p := launch(t, dir, "batch", "--file", writeLines(t, dir, 500, f.url), "--queue", address, "--results", "out.ndjson")
	eventually(t, "the stream is full", func() bool {
		info, err := stream.Info(t.Context())
		return err == nil && info.State.Bytes > 60<<10
	})
	time.Sleep(time.Second)
	limit(-1)
	p.mustEnd(t, 0, time.Minute)
	readLedger(t, filepath.Join(dir, "out.ndjson")).want(t, 500, 500, 0)
	w.signal(t, syscall.SIGTERM)
	w.mustEnd(t, 143, time.Minute)
	if n := strings.Count(w.stderr.String(), "cannot publish a record"); n != 1 {
		t.Errorf("%d lines tell of the wait: %s", n, w.stderr.String())
	}
}

// Credentials that the server refuses from some moment on end both, and say so;
// what is on the queue stays there.
func TestQueueRefusedLater(t *testing.T) {
	f := newFleet(t, 2, 20*time.Millisecond)
	store, dir := t.TempDir(), t.TempDir()
	s, address := natsServer(t, func(o *server.Options) { o.StoreDir, o.Username, o.Password = store, "u", "first" })
	w := startWorker(t, dir, address, "w0")
	awaitWorkers(t, address, 1)
	p := launch(t, dir, "batch", "--file", writeLines(t, dir, 1000, f.url), "--queue", address, "--results", "out.ndjson")
	eventually(t, "some records are there", func() bool { return recordsSoFar(dir) > 20 })
	at := s.Addr().(*net.TCPAddr)
	s.Shutdown()
	s.WaitForShutdown()
	again := startNATS(t, &server.Options{
		Host: "127.0.0.1", Port: at.Port, JetStream: true, StoreDir: store, NoSigs: true, NoLog: true, Username: "u", Password: "second",
	})
	t.Cleanup(again.Shutdown)
	for _, r := range []*running{w, p} {
		r.mustEnd(t, 2, time.Minute)
		if !strings.Contains(strings.ToLower(r.stderr.String()), "authorization violation") {
			t.Errorf("%s: %s", r.Args[1], r.stderr.String())
		}
	}
	address = "nats://u:second@" + again.Addr().String()
	startWorker(t, dir, address, "w1")
	launchAndEnd(t, dir, 0, "batch", "--file", "list.txt", "--queue", address, "--results", "out.ndjson", "--resume")
	j := readLedger(t, filepath.Join(dir, "out.ndjson"))
	j.want(t, 1000, 1000, 0)
	if _, err := os.Stat(filepath.Join(dir, "out.ndjson.run")); err == nil {
		t.Error("the run has not ended")
	}
}
