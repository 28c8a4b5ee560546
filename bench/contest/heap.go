package contest

import (
	"context"
	"errors"
	"runtime"

	"github.com/alitto/pond/v2"

	"github.com/specify-cli/specify/internal/asynccore"
)

// heapCase is the memory that submissions hold which come faster than the jobs
// end. Ours wait for room; pond's default queue has no bound.
func heapCase(n int) Case {
	return Case{
		Name:   "live heap after many submissions, queue of 1024",
		Unit:   "MiB",
		Ours:   func() (float64, error) { return heapOurs(n) },
		Bound:  1,
		Rivals: []Rival{{"pond Submit, its default", func() (float64, error) { return heapPond(n) }, 0}},
	}
}

// liveMiB returns what is reachable now.
func liveMiB() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}

func heapOurs(n int) (float64, error) {
	idle := liveMiB()
	ctx := context.Background()
	r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: workers, Queue: queue})
	for range n {
		if err := r.Go(ctx, asynccore.Job{}, func(context.Context) {}); err != nil {
			return 0, errors.Join(err, r.Close(ctx))
		}
	}
	// The last jobs hold the workers, and as many as fit wait behind them.
	hold := make(chan struct{})
	for range workers + queue {
		if err := r.Go(ctx, asynccore.Job{}, func(context.Context) { <-hold }); err != nil {
			close(hold)
			return 0, errors.Join(err, r.Close(ctx))
		}
	}
	held := liveMiB()
	close(hold)
	return max(0, held-idle), r.Close(ctx)
}

func heapPond(n int) (float64, error) {
	idle := liveMiB()
	p := pond.NewPool(workers)
	hold := make(chan struct{})
	for range n {
		p.Submit(func() { <-hold })
	}
	held := liveMiB()
	close(hold)
	p.StopAndWait()
	return max(0, held-idle), nil
}
