package telemetry_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/telemetry"
	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

// fileRun starts a run with a trace file alone.
func fileRun(t *testing.T, name string) *run {
	t.Helper()
	r := &run{t: t}
	tel, err := telemetry.Start(t.Context(), telemetry.Config{TraceFile: name, Warn: r.warnings.add})
	if err != nil {
		t.Fatal(err)
	}
	r.Telemetry = tel
	t.Cleanup(func() { _, _ = tel.Shutdown(t.Context()) })
	return r
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
		r.Linked(true)
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

// TestTraceFileTrouble shows that each kind of trouble is one warning, costs
// the file's spans and nothing else.
func TestTraceFileTrouble(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, file, want string
		lost             int64
	}{
		{"no such folder", "/no/such/folder/spans.json", "telemetry: trace file: open /no/such/folder/spans.json: no such file or directory", 0},
		{"a folder", t.TempDir(), "telemetry: trace file: open ", 0},
		{"a pipe without a reader", fifo, "telemetry: trace file: open " + fifo + ": no such device", 0},
		{"a full disk", "/dev/full", "telemetry: trace file: write /dev/full: no space left on device", 3000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRun(t, telemetry.Config{TraceFile: tt.file}, "OTEL_METRICS_EXPORTER", "none")
			r.spans(3000)
			lost, _ := r.Shutdown(t.Context())
			if want := (telemetry.Lost{FileSpans: tt.lost}); lost != want {
				t.Errorf("lost %+v, want %+v", lost, want)
			}
			if got := len(r.receiver.Spans()); got != 3000 {
				t.Errorf("the collector got %d spans, want 3000", got)
			}
			if got := r.warnings.all(); len(got) != 1 || !strings.HasPrefix(got[0], tt.want) {
				t.Errorf("warnings %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("alone", func(t *testing.T) {
		r := fileRun(t, "/no/such/folder/spans.json")
		r.spans(10)
		if got := r.warnings.all(); len(got) != 1 {
			t.Errorf("warnings %q, want one", got)
		}
	})
}

// TestTraceFileStuck writes to a pipe that nobody reads from.
func TestTraceFileStuck(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	r := fileRun(t, fifo)
	const spans = 2500 // more than the pipe takes, less than would wait for it
	r.spans(spans)
	start := time.Now()
	lost, _ := r.Shutdown(t.Context())
	if took := time.Since(start); took > limit {
		t.Errorf("shutdown took %v", took)
	}
	if lost.FileSpans == 0 || lost.FileSpans > spans {
		t.Errorf("lost %d of %d spans", lost.FileSpans, spans)
	}
}
