package telemetry

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const (
	fileLine = 128 << 10   // bytes after which a line ends
	fileRest = time.Second // for how long at most a span waits for its line to fill

	// fileWait bounds one write to a trace file that is a pipe: a reader that has
	// stopped must not stop the run, which waits for the file.
	fileWait = 5 * time.Second
)

// FileError is a trace file that cannot be opened. Err names it.
type FileError struct{ Err error }

func (e *FileError) Error() string { return "trace file: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// traceFile appends every span that ends to a file, as OTLP/JSON, many a line.
// Whoever ends a span encodes it, and waits for the write when it fills a line:
// none is lost to a queue, and memory is one line.
type traceFile struct {
	f      *os.File
	life   context.Context // its end ends a write that waits for a pipe's reader
	failed func(error)     // is told why nothing is written any more

	ended, written atomic.Int64 // spans

	mu     sync.Mutex // guards the fields below, and keeps lines whole
	line   []byte     // without its tail; empty without a span
	last   sdktrace.ReadOnlySpan
	held   int64 // spans in line
	rest   *time.Timer
	closed bool
	broken error // after a failed write the last line may be torn: no more
}

var _ sdktrace.SpanProcessor = (*traceFile)(nil)

func openTraceFile(life context.Context, name string, failed func(error)) (*traceFile, error) {
	// O_NONBLOCK: a pipe without a reader is an error instead of a wait for
	// one, and writes to a pipe heed deadlines. Regular files ignore it.
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return nil, &FileError{err}
	}
	t := &traceFile{f: f, life: life, failed: failed}
	t.rest = time.AfterFunc(fileRest, t.flush)
	// A regular file has no deadlines, and says so.
	context.AfterFunc(life, func() { _ = f.SetWriteDeadline(time.Unix(1, 0)) })
	return t, nil
}

// OnStart does nothing.
func (t *traceFile) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd appends s.
func (t *traceFile) OnEnd(s sdktrace.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return
	}
	t.ended.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.broken != nil {
		return
	}
	if t.held == 0 {
		t.line = appendHead(t.line, s.Resource(), s.InstrumentationScope())
		t.rest.Reset(fileRest)
	} else {
		t.line = append(t.line, ',')
	}
	t.line = appendSpan(t.line, s)
	t.last = s
	if t.held++; len(t.line) >= fileLine {
		t.write()
	}
}

// flush writes what there is.
func (t *traceFile) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.write()
}

// write writes the line with one write(2); t.mu is held.
func (t *traceFile) write() {
	if t.held == 0 || t.broken != nil {
		return
	}
	t.line = appendTail(t.line, t.last.Resource(), t.last.InstrumentationScope())
	_ = t.f.SetWriteDeadline(time.Now().Add(fileWait)) // heeded by pipes
	err := t.life.Err()                                // its end has set a deadline, which the line above has lifted
	if err == nil {
		_, err = t.f.Write(t.line)
	}
	if err != nil {
		t.broken = fmt.Errorf("trace file: %w", err)
		t.failed(t.broken)
		return
	}
	t.written.Add(t.held)
	t.line, t.held = t.line[:0], 0
}

// ForceFlush writes what there is.
func (t *traceFile) ForceFlush(context.Context) error {
	t.flush()
	return nil
}

// Shutdown writes what there is and closes the file.
func (t *traceFile) Shutdown(context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	t.rest.Stop()
	t.write()
	t.closed = true
	if err := t.f.Close(); err != nil && t.broken == nil {
		t.failed(fmt.Errorf("trace file: %w", err))
	}
	return nil
}

// lost is exact after Shutdown.
func (t *traceFile) lost() int64 { return t.ended.Load() - t.written.Load() }
