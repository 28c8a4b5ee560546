package telemetry_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/telemetry"
	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

// fileRun starts a run with a trace file alone.
func fileRun(t *testing.T, name string) *run {
	t.Helper()
	return &run{t: t, Telemetry: mustStart(t, telemetry.Config{TraceFile: name})}
}

func TestTraceFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "spans.json")
	// What is meant for a collector must not change the file.
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	t.Setenv("OTEL_EXPORTER_OTLP_INSECURE", "true")
	for range 2 { // the second run appends
		r := fileRun(t, file)
		ctx, endRun := r.Observe(t.Context(), "ops.Batch")
		r.Planned(many)
		_, end := r.Task(ctx)
		end(telemetry.TaskEnd{Outcome: "failed", ErrorType: "503"})
		endRun(nil)
		r.finish()
	}
	resources, err := otlptest.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	one := "ops.Batch\ntask ERROR specify.task.outcome=failed error.type=503 -> ops.Batch\n"
	if diff := cmp.Diff(one+one, otlptest.Tree(otlptest.Flatten(resources), "specify.task.outcome", "error.type")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(raw), "\n"); n != 2 {
		t.Errorf("%d lines, want one a batch: 2", n)
	}
}

// TestTraceFileLosesNothing ends spans at full speed, far more than the queue
// holds, and looks at the heap meanwhile.
func TestTraceFileLosesNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "spans.json")
	spans := 20_000
	if testing.Short() {
		spans = 5000
	}
	r := fileRun(t, file)
	r.spans(spans / 2)
	half := heap()
	r.spans(spans / 2)
	if grown := heap() - half; grown > 8<<20 {
		t.Errorf("the heap grew by %d bytes over %d spans", grown, spans/2)
	}
	r.finish()
	resources, err := otlptest.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(otlptest.Flatten(resources)); got != spans {
		t.Errorf("%d spans in the file, want %d", got, spans)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
