package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/specify-cli/specify/internal/telemetry"
)

func TestLogger(t *testing.T) {
	r := newRun(t, telemetry.Config{})
	ctx, end := r.Observe(t.Context(), "op")
	trace, span := telemetry.IDs(ctx)
	end(nil)
	ids := `"trace_id":"` + trace + `","span_id":"` + span + `"`
	tests := []struct {
		name string
		log  func(*slog.Logger)
		want string
	}{
		{"span", func(l *slog.Logger) { l.InfoContext(ctx, "m", "k", 1) }, `"msg":"m",` + ids + `,"k":1}`},
		{"group", func(l *slog.Logger) {
			l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("").InfoContext(ctx, "m", "k", 3)
		}, `"msg":"m","a":1,` + ids + `,"g":{"b":2,"k":3}}`},
		{"no span", func(l *slog.Logger) {
			l.WithGroup("g").InfoContext(context.Background(), "m", "k", 1)
		}, `"msg":"m","g":{"k":1}}`},
		{"level", func(l *slog.Logger) { l.DebugContext(ctx, "m") }, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			tt.log(telemetry.NewLogger(&out))
			got := strings.TrimSpace(out.String())
			if !strings.HasSuffix(got, tt.want) || (tt.want == "") != (got == "") {
				t.Errorf("logged %s, want an end of %s", got, tt.want)
			}
		})
	}
}

// TestLoggersDoNotShare derives two loggers from one with a group: the second
// must not overwrite what the first added.
func TestLoggersDoNotShare(t *testing.T) {
	r := newRun(t, telemetry.Config{})
	ctx, end := r.Observe(t.Context(), "op")
	end(nil)
	var out bytes.Buffer
	base := telemetry.NewLogger(&out).WithGroup("g").With("a", 0)
	first := base.With("b", 1)
	_ = base.With("b", 2)
	first.InfoContext(ctx, "m")
	if got := out.String(); !strings.Contains(got, `"g":{"a":0,"b":1}`) {
		t.Errorf("logged %s", got)
	}
}
