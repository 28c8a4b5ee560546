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
	1: {asynccore.Normal},
	5: {asynccore.Critical, asynccore.High, asynccore.Normal, asynccore.Low, asynccore.InBackground},
}

// BenchmarkRunnerGo is a job that does nothing: what is left is the Runner.
func BenchmarkRunnerGo(b *testing.B) {
	for _, classes := range []int{1, 5} {
		for _, n := range []int{1, 100, 10_000} {
			b.Run(fmt.Sprintf("classes=%d/keys=%d", classes, n), func(b *testing.B) {
				keys, prios := benchKeys(n), benchClasses[classes]
				r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 10})
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
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
