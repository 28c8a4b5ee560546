package telemetry_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/telemetry"
)

func TestChildEnv(t *testing.T) {
	r := newRun(t, telemetry.Config{},
		"TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "TRACESTATE", "ci=1", "BAGGAGE", "ci.job=42")
	ctx, end := r.Exec(r.Root(t.Context()), "make")
	_, span := telemetry.IDs(ctx)
	env := []string{"PATH=/bin", "TRACEPARENT=old", "BAGGAGE=old", "TRACEPARENT=older", "NOVALUE", "TRACEPARENTS=mine"}
	before := slices.Clone(env)
	got := r.ChildEnv(ctx, env)
	end(1, 0, nil)
	slices.Sort(got)
	want := []string{
		"BAGGAGE=ci.job=42", "NOVALUE", "PATH=/bin",
		"TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-" + span + "-01",
		"TRACEPARENTS=mine", "TRACESTATE=ci=1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, env); diff != "" {
		t.Errorf("the argument was changed: %s", diff)
	}
}

// TestPropagators carries the context in other names when OTEL_PROPAGATORS
// says so.
func TestPropagators(t *testing.T) {
	r := newRun(t, telemetry.Config{}, "OTEL_PROPAGATORS", "b3", "B3", "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
		"TRACEPARENT", "00-11111111111111111111111111111111-1111111111111111-01")
	ctx, end := r.Observe(r.Root(t.Context()), "op")
	defer end(nil)
	trace, span := telemetry.IDs(ctx)
	if trace != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("trace %s, want B3's", trace)
	}
	got := r.ChildEnv(ctx, []string{"B3=old", "TRACEPARENT=old"})
	if want := "B3=" + trace + "-" + span + "-1"; strings.Join(got, " ") != want {
		t.Errorf("environment %q, want %q", got, want)
	}
}

func TestExecEnds(t *testing.T) {
	tests := []struct {
		name      string
		pid, code int
		err       error
		want      string
	}{
		{"well", 7, 0, nil, " process.pid=7 process.exit.code=0"},
		{"failing", 7, 3, nil, " ERROR process.pid=7 process.exit.code=3 error.type=exit"},
		{"killed", 7, -1, nil, " ERROR process.pid=7 error.type=signal"},
		{"late", 7, -1, typed("timeout_total"), " ERROR process.pid=7 error.type=timeout_total"},
		{"unborn", 0, 0, typed("start"), " ERROR error.type=start"},
	}
	r := newRun(t, telemetry.Config{})
	var want strings.Builder
	want.WriteString("\n")
	for _, tt := range tests {
		_, end := r.Exec(t.Context(), "/opt/"+tt.name)
		end(tt.pid, tt.code, tt.err)
		want.WriteString(tt.name + " CLIENT" + tt.want + "\n")
	}
	if diff := cmp.Diff(want.String(), r.tree("process.pid", "process.exit.code", "error.type")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
