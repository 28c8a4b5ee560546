package ops

import (
	"context"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/runtime/process"
	"github.com/specify-cli/specify/internal/task"
)

// realRunner runs real programs.
type realRunner struct{}

func (realRunner) Run(ctx context.Context, c process.Command) (process.Result, error) {
	return process.Run(ctx, c)
}
func (realRunner) Retrying(context.Context, Teller, httpx.RetryEvent) {}

func openFiles(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// Many commands, many at a time, leave neither descriptors nor goroutines.
func TestManyCommands(t *testing.T) {
	commandsToRun, atOnce := 1000, 200
	if testing.Short() {
		commandsToRun = 300
	}
	descriptors, goroutines := 0, runtime.NumGoroutine()
	for round, count := range []int{atOnce, commandsToRun} { // what the first round opens for good may stay
		runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: atOnce, Queue: Window})
		x := executor{commands: &commands{runner: realRunner{}, retryOn: defaultRetryCodes}}
		began := time.Now()
		recs := make([]*task.Record, count)
		for i := range recs {
			a := new(origins).admit(&task.Task{Exec: []string{"true"}}, nil)
			err := runner.Go(t.Context(), asynccore.Job{Key: a.origin}, func(job context.Context) {
				recs[i] = x.run(job, t.Context(), a, &files.None{})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := runner.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, rec := range recs {
			if rec.Outcome != task.OK {
				t.Fatalf("%s: %v", rec.Outcome, rec.Error)
			}
		}
		t.Logf("%d commands, %v each", count, time.Since(began)/time.Duration(count))
		if round == 0 {
			descriptors = openFiles(t)
		}
	}
	for range 100 {
		if runtime.NumGoroutine() <= goroutines && openFiles(t) <= descriptors {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before; %d descriptors, %d before", runtime.NumGoroutine(), goroutines, openFiles(t), descriptors)
}
