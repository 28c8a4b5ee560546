package telemetry

import (
	"context"
	"io"
	"log/slog"
)

// NewLogger returns a logger that writes to w, a JSON object a line, with
// trace_id and span_id, lower-case hexadecimal at the top level, for a record
// whose context holds a span.
func NewLogger(w io.Writer) *slog.Logger {
	h := slog.NewJSONHandler(w, nil)
	return slog.New(&idHandler{top: h, here: h})
}

// idHandler adds the ids to a record.
type idHandler struct {
	top   slog.Handler                      // without groups, where ids belong
	here  slog.Handler                      // with all that With and WithGroup added
	since []func(slog.Handler) slog.Handler // the way from top to here, from the first group on
}

// Enabled asks the handler below.
func (h *idHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.here.Enabled(ctx, level)
}

// Handle writes r with the ids of ctx's span.
func (h *idHandler) Handle(ctx context.Context, r slog.Record) error {
	traceID, spanID := IDs(ctx)
	if traceID == "" {
		return h.here.Handle(ctx, r)
	}
	out := h.top.WithAttrs([]slog.Attr{slog.String("trace_id", traceID), slog.String("span_id", spanID)})
	for _, step := range h.since {
		out = step(out)
	}
	return out.Handle(ctx, r)
}

// WithAttrs returns a handler with attrs in the current group.
func (h *idHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(h.since) == 0 {
		top := h.top.WithAttrs(attrs)
		return &idHandler{top: top, here: top}
	}
	return h.then(func(next slog.Handler) slog.Handler { return next.WithAttrs(attrs) })
}

// WithGroup returns a handler that puts what follows into a group.
func (h *idHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.then(func(next slog.Handler) slog.Handler { return next.WithGroup(name) })
}

func (h *idHandler) then(step func(slog.Handler) slog.Handler) *idHandler {
	since := append(h.since[:len(h.since):len(h.since)], step)
	return &idHandler{top: h.top, here: step(h.here), since: since}
}
