package telemetry

import (
	"errors"
	"fmt"
	"sync"
	"unicode"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
)

// maxWarning bounds a warning, in bytes: it may quote a collector.
const maxWarning = 300

// warner takes what the SDK reports and keeps the first of it, as one line. The
// SDK's own handlers would print every line of it to stderr. The zero value is
// ready to use.
type warner struct {
	mu    sync.Mutex // guards first
	first error
}

// listen makes w the process's handler for the SDK's errors.
func (w *warner) listen() {
	otel.SetErrorHandler(w)
	otel.SetLogger(logr.New(sink{w}))
}

// Handle is otel.ErrorHandler's method.
func (w *warner) Handle(err error) {
	if err == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.first == nil {
		w.first = errors.New(oneLine(err.Error()))
	}
}

// cause returns what was handled first, nil if nothing was.
func (w *warner) cause() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.first
}

// sink is the SDK's logger. It takes errors only, and no keys and values:
// among them are the OTLP headers, and with them credentials.
type sink struct{ w *warner }

func (sink) Init(logr.RuntimeInfo)            {}
func (sink) Enabled(int) bool                 { return false }
func (sink) Info(int, string, ...any)         {}
func (s sink) WithValues(...any) logr.LogSink { return s }
func (s sink) WithName(string) logr.LogSink   { return s }
func (s sink) Error(err error, msg string, _ ...any) {
	s.w.Handle(fmt.Errorf("%s: %w", msg, err))
}

// oneLine makes text fit for one line of a terminal: no control and no
// invisible characters, such as turn the reading direction; not too long.
func oneLine(text string) string {
	clean := make([]rune, 0, len(text))
	size := 0
	for _, r := range text {
		if !unicode.IsPrint(r) {
			r = ' '
		}
		if size += len(string(r)); size > maxWarning {
			return string(clean) + "..."
		}
		clean = append(clean, r)
	}
	return string(clean)
}
