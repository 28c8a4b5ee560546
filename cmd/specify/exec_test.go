//go:build unix

package main

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

// A command that fails twice is three spans below the operation's, each of
// which is in the environment of its own process, and nowhere is an argument.
func TestExecSpans(t *testing.T) {
	receiver := otlptest.NewReceiver(t)
	seen := filepath.Join(t.TempDir(), "parents")
	env := []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + receiver.URL(),
		"TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"SEEN=" + seen,
	}
	const script = `echo "$TRACEPARENT" >> "$SEEN"; test "$(wc -l < "$SEEN")" -gt 2`
	results := filepath.Join(t.TempDir(), "results")
	args := []string{"exec", "--results", results, "--retry", "3", "--retry-delay", "1ms", "--", "sh", "-c", script, "an argument"}
	if stderr, status := specify(t, env, args...); status != 0 || stderr != "" {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	spans := receiver.Spans()
	golden(t, filepath.Join("..", "..", "testdata", "golden", "spans-exec.txt"),
		otlptest.Tree(spans, "process.executable.name", "process.exit.code", "error.type"))

	record, err := os.ReadFile(results)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, span := range spans {
		if id := hex.EncodeToString(span.GetSpanId()); span.GetName() == "ops.Exec" && !strings.Contains(string(record), `"span_id":"`+id+`"`) {
			t.Errorf("the record is not of span %s: %s", id, record)
		}
		if span.GetName() == "sh" {
			want = append(want, "00-"+hex.EncodeToString(span.GetTraceId())+"-"+hex.EncodeToString(span.GetSpanId())+"-01")
		}
		for _, attr := range span.GetAttributes() {
			if text := attr.String(); strings.Contains(text, "argument") || strings.Contains(text, "wc -l") {
				t.Errorf("span %s has an argument of the command: %s", span.GetName(), text)
			}
		}
	}
	parents, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(parents))
	slices.Sort(want)
	slices.Sort(got)
	if len(want) != 3 || !slices.Equal(got, want) {
		t.Errorf("the processes found %q as their parents, their spans are %q", got, want)
	}
}

// The commands of a batch are spans below their tasks.
func TestBatchExecSpans(t *testing.T) {
	receiver := otlptest.NewReceiver(t)
	list := filepath.Join(t.TempDir(), "list")
	line := `{"exec":["sh","-c","test -n \"$TRACEPARENT\" && kill -9 $$"],"retry":1}` + "\n"
	if err := os.WriteFile(list, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + receiver.URL()}
	stderr, status := specify(t, env, "batch", "-s", "--allow-exec", "--retry-delay", "1ms", "--format", "none", "--file", list)
	if status != 1 || !strings.Contains(stderr, "killed by SIGKILL after 2 attempts") {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	golden(t, filepath.Join("..", "..", "testdata", "golden", "spans-batch-exec.txt"),
		otlptest.Tree(receiver.Spans(), "process.exit.code", "error.type"))
}
