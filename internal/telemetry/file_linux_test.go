package telemetry_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/telemetry"
)

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
