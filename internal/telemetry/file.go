package telemetry

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// FileError is a trace file that cannot be opened. Err names it.
type FileError struct{ Err error }

func (e *FileError) Error() string { return "trace file: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// fileWait bounds one write to a trace file that is a pipe: a reader that has
// stopped must not stop the run, which waits for the file.
const fileWait = 5 * time.Second

// newFileExporter appends to the file name, a batch a line, in the encoding of
// OTLP/JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
// The encoder is the OTLP/HTTP exporter's, which exports it in no other way
// than through an HTTP client. The options undo what the environment says to
// that exporter; https, where it would refuse client certificates otherwise.
func newFileExporter(ctx, life context.Context, name string) (sdktrace.SpanExporter, error) {
	// O_NONBLOCK: a pipe without a reader is an error instead of a wait for
	// one, and writes to a pipe heed deadlines. Regular files ignore it.
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return nil, &FileError{err}
	}
	w := &traceFile{f: f, life: life}
	exporter, err := otlptracehttp.New(ctx,
		otlptracehttp.WithEndpointURL("https://trace-file.invalid/v1/traces"),
		otlptracehttp.WithEncoding(otlptracehttp.EncodingJSON),
		otlptracehttp.WithCompression(otlptracehttp.NoCompression),
		otlptracehttp.WithMaxRequestSize(0),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{}),
		otlptracehttp.WithHTTPClient(&http.Client{Transport: w}),
	)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("trace file: %w", err)
	}
	// Ends a write that waits for a pipe's reader; a regular file has no
	// deadlines, and says so.
	context.AfterFunc(life, func() { _ = f.SetWriteDeadline(time.Unix(1, 0)) })
	return &fileExporter{SpanExporter: exporter, file: w}, nil
}

// fileExporter is the exporter with its file, which it closes when it is shut
// down.
type fileExporter struct {
	sdktrace.SpanExporter
	file *traceFile
}

// ExportSpans writes a batch. Its error is the file's own, without the client
// and the URL that stand between.
func (e *fileExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	if err != nil {
		e.file.mu.Lock()
		defer e.file.mu.Unlock()
		err = cmp.Or(e.file.broken, err)
	}
	return err
}

// Shutdown closes the file. The batch processor calls it once, after the last
// batch.
func (e *fileExporter) Shutdown(ctx context.Context) error {
	err := e.SpanExporter.Shutdown(ctx)
	if cerr := e.file.f.Close(); cerr != nil && err == nil {
		err = fmt.Errorf("trace file: %w", cerr)
	}
	return err
}

// traceFile is the round tripper that writes each request's body as a line.
type traceFile struct {
	f    *os.File
	life context.Context

	mu     sync.Mutex // guards buf and broken, and keeps lines whole
	buf    bytes.Buffer
	broken error // after a failed write the last line may be torn: no more
}

var _ http.RoundTripper = (*traceFile)(nil)

// RoundTrip writes one line with one write(2).
func (t *traceFile) RoundTrip(req *http.Request) (*http.Response, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer req.Body.Close()
	if t.broken != nil {
		return nil, t.broken
	}
	t.buf.Reset()
	if _, err := t.buf.ReadFrom(req.Body); err != nil {
		return nil, err
	}
	t.buf.WriteByte('\n')
	_ = t.f.SetWriteDeadline(time.Now().Add(fileWait)) // heeded by pipes
	if err := t.life.Err(); err != nil {
		return nil, err // its end has set a deadline, which the line above has lifted
	}
	if _, err := t.f.Write(t.buf.Bytes()); err != nil {
		t.broken = fmt.Errorf("trace file: %w", err)
		return nil, t.broken
	}
	accept(req.Context(), 0)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
}
