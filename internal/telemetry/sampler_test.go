package telemetry_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/specify-cli/specify/internal/telemetry"
)

// tasks runs n linked tasks of two attempts each, the last of which fails.
func (r *run) tasks(n int) {
	r.Planned(many)
	ctx, endRun := r.Observe(context.Background(), "run")
	for i := range n {
		ctx, end := r.Task(ctx)
		how := telemetry.TaskEnd{Outcome: "ok"}
		if i == n-1 {
			how = telemetry.TaskEnd{Outcome: "failed", ErrorType: "503"}
		}
		for range 2 {
			_, endAttempt := r.Observe(ctx, "attempt")
			endAttempt(nil)
		}
		end(how)
	}
	endRun(nil)
}

// TestSamplers counts the spans that leave under each sampler, of 1 run and
// 400 tasks of 3 spans.
func TestSamplers(t *testing.T) {
	const tasks, all, failed = 400, 1 + 3*400, 1 + 3
	tests := []struct {
		name, arg string
		min, max  int
	}{
		{"", "", all, all},
		{"always_on", "", all, all},
		{"parentbased_always_on", "", all, all},
		{"always_off", "", 0, 0},
		{"parentbased_always_off", "", 0, 0},
		{"traceidratio", "", all, all},
		{"traceidratio", "1", all, all},
		{"traceidratio", "0", failed, failed},
		{"parentbased_traceidratio", "0.0", failed, failed},
		{" Parentbased_TraceIDRatio ", " 0.25 ", all / 8, all / 2}, // 300 expected, 26 the standard deviation
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.arg, func(t *testing.T) {
			r := newRun(t, telemetry.Config{}, "OTEL_TRACES_SAMPLER", tt.name, "OTEL_TRACES_SAMPLER_ARG", tt.arg)
			r.tasks(tasks)
			r.finish()
			spans := r.receiver.Spans()
			if n := len(spans); n < tt.min || n > tt.max {
				t.Errorf("%d spans left, want %d to %d", n, tt.min, tt.max)
			}
			whole(t, spans)
		})
	}
}

// whole checks that of each task all spans are there, or none.
func whole(t *testing.T, spans []*tracepb.Span) {
	t.Helper()
	byTrace := make(map[string][]string)
	for _, s := range spans {
		id := hexID(s.GetTraceId())
		byTrace[id] = append(byTrace[id], s.GetName())
	}
	for id, names := range byTrace {
		if got := strings.Join(names, " "); got != "run" && got != "attempt attempt task" {
			t.Errorf("trace %s: %s", id, got)
		}
	}
}

func TestBadRatioSamplesAll(t *testing.T) {
	for _, arg := range []string{"-1", "1.5", "NaN", "half"} {
		r := newRun(t, telemetry.Config{}, "OTEL_TRACES_SAMPLER", "traceidratio", "OTEL_TRACES_SAMPLER_ARG", arg)
		_, end := r.Observe(t.Context(), "op")
		end(nil)
		if _, err := r.Shutdown(t.Context()); err == nil {
			t.Errorf("%q: no error", arg)
		}
		want := `OTEL_TRACES_SAMPLER_ARG: want a number from 0 to 1, not "` + arg + `"; every span is sampled`
		if got := r.warning(); got != want {
			t.Errorf("warning %q, want %q", got, want)
		}
		if n := len(r.receiver.Spans()); n != 1 {
			t.Errorf("%q: %d spans, want 1", arg, n)
		}
	}
}

// TestKeptSpansAreMarkedSampled shows that a failure outside any task is kept
// too, with its parent, under a ratio of 0.
func TestKeptSpansAreMarkedSampled(t *testing.T) {
	r := newRun(t, telemetry.Config{}, "OTEL_TRACES_SAMPLER", "traceidratio", "OTEL_TRACES_SAMPLER_ARG", "0")
	ctx, endRun := r.Observe(t.Context(), "run")
	_, end := r.Observe(ctx, "op")
	end(errors.New("x"))
	endRun(nil)
	if got, want := r.tree(), "\nrun\n  op ERROR\n"; got != want {
		t.Errorf("tree %q, want %q", got, want)
	}
	for _, s := range r.receiver.Spans() {
		if s.GetFlags()&1 == 0 {
			t.Errorf("%s is not marked sampled", s.GetName())
		}
	}
}
