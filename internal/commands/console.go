package commands

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
)

// Console is standard error. It passes lines on as they are until JSON is
// called; from then on every line that is written to it becomes one JSON
// object, and so does every message that is logged. It is safe for concurrent
// use.
type Console struct {
	logger func(io.Writer) *slog.Logger

	mu   sync.Mutex // guards the fields below
	out  io.Writer
	json *slog.Logger    // nil for text
	span context.Context // that lines are told in
	rest []byte          // a line of which the end is still to come
}

// NewConsole returns a console that writes to out. logger makes what writes
// JSON, with the ids of a context's span.
func NewConsole(out io.Writer, logger func(io.Writer) *slog.Logger) *Console {
	return &Console{logger: logger, out: out, span: context.Background()}
}

// JSON ends the time of plain text.
func (c *Console) JSON() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.json == nil {
		c.json = c.logger(c.out)
	}
}

// Within makes the span of ctx the one of all lines to come.
func (c *Console) Within(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.span = ctx
}

// Write writes text, which need not end with a line.
func (c *Console) Write(text []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.json == nil {
		return c.out.Write(text)
	}
	c.rest = append(c.rest, text...)
	for {
		line, rest, whole := bytes.Cut(c.rest, []byte("\n"))
		if !whole {
			return len(text), nil
		}
		if level, msg := parseLine(string(line)); msg != "" {
			c.json.Log(c.span, level, msg)
		}
		c.rest = append(c.rest[:0], rest...)
	}
}

// logHere is log within the span of the console's lines.
func (c *Console) logHere(level slog.Level, msg string, attrs ...slog.Attr) bool {
	c.mu.Lock()
	here := c.span
	c.mu.Unlock()
	return c.log(here, level, msg, attrs...)
}

// log writes a message if messages are JSON, and reports whether they are.
func (c *Console) log(ctx context.Context, level slog.Level, msg string, attrs ...slog.Attr) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.json == nil {
		return false
	}
	c.json.LogAttrs(ctx, level, oneLine(msg), attrs...) // JSON leaves U+009B as it is, a terminal does not
	return true
}

// marks are the words that a line of text begins with, by what they say of it.
var marks = []struct {
	word  string
	level slog.Level
}{{"error: ", slog.LevelError}, {"FAIL ", slog.LevelError}, {"warning: ", slog.LevelWarn}, {"hint: ", slog.LevelInfo}}

// parseLine takes a line of text apart.
func parseLine(line string) (level slog.Level, msg string) {
	msg = strings.TrimSpace(strings.TrimPrefix(line, "specify: "))
	for _, m := range marks {
		if rest, ok := strings.CutPrefix(msg, m.word); ok {
			return m.level, rest
		}
	}
	return slog.LevelInfo, msg
}
