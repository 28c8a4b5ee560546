package contest

import (
	"context"
	"errors"
	"sync"

	"github.com/alitto/pond/v2"
	"github.com/panjf2000/ants/v2"
	concpool "github.com/sourcegraph/conc/pool"
	"golang.org/x/sync/errgroup"

	"github.com/specify-cli/specify/internal/asynccore"
)

// submitter runs job n times on ten workers and returns when all have ended.
type submitter func(n int, job func()) error

func submitCases(n int) []Case {
	nothing := func() {}
	way := func(s submitter) Way { return perItem(n, func() error { return s(n, nothing) }) }
	return []Case{
		{
			Name: "submit, no handle",
			Unit: "ns",
			Ours: way(submitOurs),
			Rivals: []Rival{
				{"pond.Go, queue of 1024", way(submitPond), 1.0},
				{"errgroup", way(submitErrgroup), 0.25},
				{"conc/pool", way(submitConc), 0},
				{"ants", way(submitAnts), 0},
			},
		},
		{
			Name:  "submit, no handle: allocations",
			Unit:  "allocs",
			Ours:  allocsPerItem(n, func() error { return submitOurs(n, nothing) }),
			Bound: 0.1, // none of its own, and a share of the slab of 31 slots
		},
	}
}

func submitOurs(n int, job func()) error {
	ctx := context.Background()
	r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: workers, Queue: queue})
	body := func(context.Context) { job() }
	for range n {
		if err := r.Go(ctx, asynccore.Job{}, body); err != nil {
			return errors.Join(err, r.Close(ctx))
		}
	}
	return r.Close(ctx)
}

func submitPond(n int, job func()) error {
	p := pond.NewPool(workers, pond.WithQueueSize(queue))
	defer p.StopAndWait()
	for range n {
		if err := p.Go(job); err != nil {
			return err
		}
	}
	return nil
}

func submitErrgroup(n int, job func()) error {
	var g errgroup.Group
	g.SetLimit(workers)
	for range n {
		g.Go(func() error {
			job()
			return nil
		})
	}
	return g.Wait()
}

func submitConc(n int, job func()) error {
	p := concpool.New().WithMaxGoroutines(workers)
	for range n {
		p.Go(job)
	}
	p.Wait()
	return nil
}

func submitAnts(n int, job func()) error {
	p, err := ants.NewPool(workers)
	if err != nil {
		return err
	}
	defer p.Release()
	var all sync.WaitGroup
	defer all.Wait()
	for range n {
		all.Add(1)
		err := p.Submit(func() {
			defer all.Done()
			job()
		})
		if err != nil {
			all.Done()
			return err
		}
	}
	return nil
}
