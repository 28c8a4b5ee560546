package telemetry_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/specify-cli/specify/internal/telemetry"
	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

// A run with a trace file: an operation in a span, and in it a task that
// waited before it succeeded.
func Example() {
	dir, err := os.MkdirTemp("", "telemetry")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "spans.json")

	ctx := context.Background()
	var t telemetry.Telemetry
	if err := t.Start(ctx, telemetry.Config{Service: "specify", TraceFile: file}); err != nil {
		fmt.Println(err)
		return
	}
	fetch := telemetry.Around(&t, "ops.Fetch", func(ctx context.Context, url string) (int, error) {
		ctx, end := t.Task(ctx)
		t.Event(ctx, "backoff", slog.String("reason", "retry_after"))
		end(telemetry.TaskEnd{Outcome: "ok"})
		return 200, nil
	})
	status, err := fetch(t.Root(ctx), "https://example.com")
	fmt.Println(status, err)
	lost, err := t.Shutdown(ctx)
	fmt.Printf("lost: %q %v\n", lost, err)

	spans, err := otlptest.ReadFile(file)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Print(otlptest.Tree(otlptest.Flatten(spans), "specify.task.outcome", "reason"))
	// Output:
	// 200 <nil>
	// lost: "" <nil>
	// ops.Fetch
	//   task specify.task.outcome=ok
	//   - backoff reason=retry_after
}
