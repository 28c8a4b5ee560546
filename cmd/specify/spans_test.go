package main

import (
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

// specify runs the program in a process of its own and returns what it wrote
// to standard error, and its exit status.
func specify(t *testing.T, env []string, args ...string) (stderr string, status int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Args[0] = "specify" // TestMain goes by it
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, hasty}, env...)
	var errs strings.Builder
	cmd.Stderr = &errs
	err := cmd.Run()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return errs.String(), cmd.ProcessState.ExitCode()
}

// Every layer is in a span: command, operation, task, and a CLIENT span an
// attempt, below the span that the environment names.
func TestSpanTree(t *testing.T) {
	server, err := faultserver.Start(faultserver.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	receiver := otlptest.NewReceiver(t)
	env := []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + receiver.URL(),
		"TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
	stderr, status := specify(t, env, "fetch", "--retry-delay", "10ms", server.URL(faultserver.Plain, "/flaky/1/a"))
	if status != 0 || stderr != "" {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	got := otlptest.Tree(receiver.Spans(), "http.request.method", "http.response.status_code", "http.request.resend_count", "error.type", "process.exit.code")
	golden(t, filepath.Join("..", "..", "testdata", "golden", "spans-503-then-200.txt"), got)
	for _, span := range receiver.Spans() {
		if id := hex.EncodeToString(span.GetTraceId()); id != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("span %s is in trace %s", span.GetName(), id)
		}
	}
}

// With nothing configured, no collector is looked for.
func TestNoTelemetryByDefault(t *testing.T) {
	receiver := otlptest.NewReceiver(t)
	server, err := faultserver.Start(faultserver.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	env := []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + receiver.URL(), "OTEL_SDK_DISABLED=true"}
	if stderr, status := specify(t, env, "fetch", server.URL(faultserver.Plain, "/ok")); status != 0 || stderr != "" {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	if n := len(receiver.Spans()); n != 0 {
		t.Errorf("%d spans from a disabled SDK", n)
	}
}

// golden compares got with a file, which -update rewrites.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
