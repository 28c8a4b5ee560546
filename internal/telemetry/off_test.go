package telemetry_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"testing"

	"github.com/spf13/cobra"

	"github.com/specify-cli/specify/internal/telemetry"
)

func mustStart(t testing.TB, conf telemetry.Config) *telemetry.Telemetry {
	t.Helper()
	tel := new(telemetry.Telemetry)
	if err := tel.Start(t.Context(), conf); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = tel.Shutdown(context.Background()) })
	return tel
}

// offs are the ways to be off, by name.
func offs(t *testing.T) map[string]*telemetry.Telemetry {
	nothing := mustStart(t, telemetry.Config{Service: "specify"})
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_TRACES_EXPORTER", "none")
	t.Setenv("OTEL_METRICS_EXPORTER", "none")
	none := mustStart(t, telemetry.Config{})
	t.Setenv("OTEL_TRACES_EXPORTER", "no such exporter, and nobody minds")
	t.Setenv("OTEL_SDK_DISABLED", "True")
	disabled := mustStart(t, telemetry.Config{TraceFile: t.TempDir() + "/spans.json"})
	return map[string]*telemetry.Telemetry{
		"nil": nil, "zero": {}, "nothing configured": nothing, "exporters none": none, "SDK disabled": disabled,
	}
}

func TestOffWrappersChangeNothing(t *testing.T) {
	t.Setenv("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	failure := errors.New("x")
	for name, tel := range offs(t) {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			next := &http.Transport{}
			if got := tel.Transport(next); got != http.RoundTripper(next) {
				t.Errorf("Transport returned %T, want its argument", got)
			}
			op := func(got context.Context, n int) (int, error) {
				if got != ctx {
					t.Error("Around changed the context")
				}
				return n, nil
			}
			if got, err := telemetry.Around(tel, "op", op)(ctx, 7); got != 7 || err != nil {
				t.Errorf("Around returned %d, %v", got, err)
			}
			cmd := &cobra.Command{}
			cmd.SetContext(ctx)
			err := tel.Command(cmd, func() error { return failure })
			if err != failure || cmd.Context() != ctx {
				t.Errorf("Command returned %v, or changed the context", err)
			}
			env := []string{"TRACEPARENT=x"}
			if got := tel.ChildEnv(ctx, env); &got[0] != &env[0] {
				t.Error("ChildEnv did not return its argument")
			}
			if got := tel.Root(ctx); got != ctx {
				t.Error("Root changed the context")
			}
			if lost, err := tel.Shutdown(ctx); lost != (telemetry.Lost{}) || err != nil {
				t.Errorf("Shutdown: %v, %v", lost, err)
			}
		})
	}
}

// TestOffAllocatesNothing runs every method that is called for each task or
// attempt.
func TestOffAllocatesNothing(t *testing.T) {
	failure := errors.New("x")
	for name, tel := range offs(t) {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			calls := map[string]func(){
				"Observe":       func() { _, end := tel.Observe(ctx, "op"); end(failure) },
				"Event":         func() { tel.Event(ctx, "backoff", slog.String("reason", "503"), slog.Int("n", 3)) },
				"Task":          func() { _, end := tel.Task(ctx, slog.String("id", "x")); end(telemetry.TaskEnd{Outcome: "ok"}) },
				"Exec":          func() { _, end := tel.Exec(ctx, "make"); end(1, 0, nil) },
				"CountRetry":    func() { tel.CountRetry("503") },
				"CountTask":     func() { tel.CountTask("ok") },
				"BreakerChange": func() { tel.BreakerChange("open") },
				"Planned":       func() { tel.Planned(5000) },
				"IDs":           func() { telemetry.IDs(ctx) },
			}
			for method, call := range calls {
				if n := testing.AllocsPerRun(100, call); n != 0 {
					t.Errorf("%s: %v allocations, want 0", method, n)
				}
			}
		})
	}
}

func TestOffStartsNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 100 {
		mustStart(t, telemetry.Config{})
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines after Start, %d before", after, before)
	}
}
