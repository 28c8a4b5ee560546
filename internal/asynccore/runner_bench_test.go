package asynccore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/specify-cli/specify/internal/asynccore"
)

// benchKeys returns n keys that look like origins.
func benchKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("https://host-%d.example:443", i)
	}
	return keys
}

// benchClasses lists the classes to go round for a number of them.
var benchClasses = map[int][]asynccore.Priority{
	1: {asynccore.PriorityNormal},
	5: {asynccore.PriorityCritical, asynccore.PriorityHigh, asynccore.PriorityNormal, asynccore.PriorityLow, asynccore.PriorityBackground},
}

// BenchmarkRunnerGo is a job that does nothing: what is left is the Runner.
func BenchmarkRunnerGo(b *testing.B) {
	for _, classes := range []int{1, 5} {
		for _, n := range []int{1, 100, 10_000} {
			b.Run(fmt.Sprintf("classes=%d/keys=%d", classes, n), func(b *testing.B) {
				keys, prios := benchKeys(n), benchClasses[classes]
				r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 10})
				ctx := b.Context()
				fn := func(context.Context) {}
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					if err := r.Go(ctx, asynccore.Job{Key: keys[i%n], Priority: prios[i%classes]}, fn); err != nil {
						b.Fatal(err)
					}
					i++
				}
				if err := r.Close(ctx); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// BenchmarkSubmitWait submits as many tasks as the queue holds before it waits
// for them.
func BenchmarkSubmitWait(b *testing.B) {
	for _, classes := range []int{1, 5} {
		b.Run(fmt.Sprintf("classes=%d", classes), func(b *testing.B) {
			prios := benchClasses[classes]
			r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 10})
			fn := func(context.Context) (int, error) { return 1, nil }
			var tasks []*asynccore.Task[int]
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				task, err := asynccore.Submit(b.Context(), r, asynccore.Job{Priority: prios[i%classes]}, fn)
				if err != nil {
					b.Fatal(err)
				}
				i++
				if tasks = append(tasks, task); len(tasks) < 1000 {
					continue
				}
				for _, task := range tasks {
					if _, err := task.Wait(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				tasks = tasks[:0]
			}
			if err := r.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
