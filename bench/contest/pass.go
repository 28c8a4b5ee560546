package contest

import (
	"context"
	"errors"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// passCases are what a request pays for all that holds it back when nothing
// does: a lane of the runner, a rate, and a breaker that is found by its key.
func passCases(n int) []Case {
	pass := func() error { return passOurs(n) }
	ns := perItem(n, pass)
	return []Case{
		{
			Name:  "runner, lane, limiter, breaker let a job pass",
			Unit:  "µs",
			Ours:  func() (float64, error) { v, err := ns(); return v / 1000, err },
			Bound: 1,
		},
		{
			Name:  "runner, lane, limiter, breaker: allocations",
			Unit:  "allocs",
			Ours:  allocsPerItem(n, pass),
			Bound: 2.1, // the breaker's two, and a share of the runner's slab
		},
	}
}

func passOurs(n int) error {
	const key = "https://api.example:443"
	ctx := context.Background()
	r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: workers, Queue: queue, KeyLimit: workers})
	limiter := asynccore.NewLimiter(asynccore.Rate{Events: 1 << 30, Per: time.Second})
	breakers := asynccore.NewBreakers(asynccore.BreakersConfig{})
	body := func(context.Context) {
		if _, ok := limiter.TakeAt(time.Now()); !ok {
			panic("the rate holds back what it should let pass") // Close returns it
		}
		pass, err := breakers.Allow(key)
		if err != nil {
			panic(err)
		}
		pass.Done(nil)
	}
	for range n {
		if err := r.Go(ctx, asynccore.Job{Key: key}, body); err != nil {
			return errors.Join(err, r.Close(ctx))
		}
	}
	return r.Close(ctx)
}
