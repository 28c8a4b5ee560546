//go:build unix

package main

import (
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

// TestRealCollector sends to the OpenTelemetry collector itself, which
// SPECIFY_COLLECTOR names: "make test-collector" builds it and sets that.
func TestRealCollector(t *testing.T) {
	program := os.Getenv("SPECIFY_COLLECTOR")
	if program == "" {
		t.Skip("make test-collector runs this against the OpenTelemetry collector")
	}
	dir := t.TempDir()
	endpoint, stop := startCollector(t, program, dir)
	server := serve(t, 2)
	const traceID, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	env := []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + endpoint, "TRACEPARENT=00-" + traceID + "-" + parent + "-01"}
	list := []string{
		server.URL(faultserver.Plain, "/status/200"), server.URL(faultserver.Plain, "/flaky/1/a"), server.URL(faultserver.Plain, "/status/404"),
		server.URL("origin1", "/status/500"), server.URL("origin1", "/status/500?2"),
	}
	began := time.Now()
	o := batchIn(t, dir, env, os.Args[0], list, "-s", "--retry", "2", "--retry-delay", "1ms", "--breaker-failures", "2", "--breaker-cooldown", "10ms")
	if o.status != 1 || strings.Contains(o.stderr, "telemetry") {
		t.Fatalf("exit status %d: %s", o.status, o.stderr)
	}
	took := time.Since(began)
	if stderr, status := specify(t, env, "fetch", "--retry-delay", "10ms", server.URL(faultserver.Plain, "/flaky/1/b")); status != 0 || stderr != "" {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	stop()

	spans := spansIn(t, filepath.Join(dir, "traces.json"))
	tree := otlptest.Tree(spans, "http.response.status_code", "http.request.resend_count", "error.type")
	for _, s := range spans {
		if id := hex.EncodeToString(s.GetTraceId()); id != traceID {
			t.Errorf("span %s is in trace %s", s.GetName(), id)
		}
		if strings.HasPrefix(s.GetName(), "specify ") && hex.EncodeToString(s.GetParentSpanId()) != parent {
			t.Errorf("span %s is below %x, not below TRACEPARENT", s.GetName(), s.GetParentSpanId())
		}
	}
	const fetched = `specify fetch < remote
  ops.Fetch
    task
    - retry error.type=503
      GET CLIENT ERROR http.response.status_code=503 error.type=503
      GET CLIENT http.response.status_code=200 http.request.resend_count=1
`
	if i := strings.Index(tree, "specify fetch"); i < 0 || tree[i:] != fetched {
		t.Errorf("the fetch (-want +got):\n%s", cmp.Diff(fetched, tree[max(i, 0):]))
	}
	attempts := o.attempts("") // and what redirects would add
	if names := byName(spans); names["task"] != len(list)+1 || names["GET"] != attempts+2 || names["ops.Batch"] != 1 || names["specify batch"] != 1 {
		t.Errorf("spans %v, want %d tasks and %d attempts", names, len(list)+1, attempts+2)
	}

	metrics := metricsIn(t, filepath.Join(dir, "metrics.json"))
	want := []string{"http.client.request.duration", "specify.breaker.changes", "specify.retries", "specify.tasks"}
	if diff := cmp.Diff(want, metrics); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	t.Logf("batch of %d tasks and %d attempts in %v; %d spans, metrics %v\n%s", len(list), attempts, took.Round(time.Millisecond), len(spans), metrics, tree)
}

// startCollector starts the collector on a free port; stop ends it, with all it
// got in its files.
func startCollector(t *testing.T, program, dir string) (endpoint string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	config, err := filepath.Abs(filepath.Join("..", "..", "internal", "telemetry", "collector", "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "--config", "file:"+config)
	cmd.Env = append(os.Environ(), "COL_HTTP="+addr, "COL_DIR="+dir)
	var told strings.Builder
	cmd.Stderr = &told
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	t.Cleanup(func() {
		if !ended {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			break
		}
		if time.Now().After(until) {
			t.Fatal("the collector does not listen")
		}
	}
	return "http://" + addr, func() {
		ended = true
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Fatalf("the collector: %v\n%s", err, told.String())
		}
	}
}

// metricsIn returns the names of the metrics in a file of the collector's.
func metricsIn(t *testing.T, name string) []string {
	t.Helper()
	seen := make(map[string]bool)
	for line := range fileLines(t, name) {
		var data metricspb.MetricsData
		if err := protojson.Unmarshal([]byte(line), &data); err != nil {
			t.Fatal(fmt.Errorf("%s: %w", name, err))
		}
		for _, rm := range data.GetResourceMetrics() {
			for _, sm := range rm.GetScopeMetrics() {
				for _, m := range sm.GetMetrics() {
					seen[m.GetName()] = true
				}
			}
		}
	}
	var names []string
	for n := range seen {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
