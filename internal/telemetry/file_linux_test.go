package telemetry_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/telemetry"
)

// TestTraceFileNotOpened shows that a trace file which cannot be opened is an
// error before anything has happened.
func TestTraceFileNotOpened(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, file, want string }{
		{"no such folder", "/no/such/folder/spans.json", "trace file: open /no/such/folder/spans.json: no such file or directory"},
		{"a folder", t.TempDir(), "trace file: open "},
		{"a pipe without a reader", fifo, "trace file: open " + fifo + ": no such device"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var tel telemetry.Telemetry
			err := tel.Start(t.Context(), telemetry.Config{TraceFile: tt.file})
			if _, ok := errors.AsType[*telemetry.FileError](err); !ok || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("Start: %v, want a FileError, %q", err, tt.want)
			}
		})
	}
}

// TestTraceFileFull shows that a full disk costs the file's spans and nothing
// else.
func TestTraceFileFull(t *testing.T) {
	r := newRun(t, telemetry.Config{TraceFile: "/dev/full"}, "OTEL_METRICS_EXPORTER", "none")
	r.spans(3000)
	lost, err := r.Shutdown(t.Context())
	if want := (telemetry.Lost{FileSpans: 3000, Ended: 3000}); lost != want {
		t.Errorf("lost %+v, want %+v", lost, want)
	}
	if got := len(r.receiver.Spans()); got != 3000 {
		t.Errorf("the collector got %d spans, want 3000", got)
	}
	if want := "trace file: write /dev/full: no space left on device"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
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
