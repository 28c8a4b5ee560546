package contest

import (
	"context"
	"errors"

	"github.com/alitto/pond/v2"
	concpool "github.com/sourcegraph/conc/pool"
	"golang.org/x/sync/errgroup"

	"github.com/specify-cli/specify/internal/asynccore"
)

// asker has value called for 0 to n-1 on ten workers and returns the sum of the
// results, each taken from a handle of its own where there is one.
type asker func(n int, value func(int) int) (sum int, err error)

func taskCases(n int) []Case {
	same := func(i int) int { return i }
	work := func(a asker) func() error {
		return func() error {
			sum, err := a(n, same)
			if err == nil && sum != n*(n-1)/2 {
				err = errors.New("results are missing")
			}
			return err
		}
	}
	way := func(a asker) Way { return perItem(n, work(a)) }
	return []Case{
		{
			Name: "submit, task, wait",
			Unit: "ns",
			Ours: way(askOurs),
			Rivals: []Rival{
				{"pond Submit", way(askPond), 0.5},
				{"errgroup and a slice", way(askErrgroup), 0.7},
				{"conc ResultPool (no order)", way(askConc), 0},
			},
		},
		{
			Name:  "submit, task, wait: allocations, with the closure",
			Unit:  "allocs",
			Ours:  allocsPerItem(n, work(askOurs)),
			Bound: 2.1, // the closure and the task, and a share of the slice of tasks
		},
	}
}

func askOurs(n int, value func(int) int) (sum int, err error) {
	ctx := context.Background()
	r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: workers, Queue: queue})
	defer func() { err = errors.Join(err, r.Close(ctx)) }()
	tasks := make([]*asynccore.Task[int], n)
	for i := range tasks {
		tasks[i], err = asynccore.Submit(ctx, r, asynccore.Job{}, func(context.Context) (int, error) { return value(i), nil })
		if err != nil {
			return 0, err
		}
	}
	for _, t := range tasks {
		v, err := t.Wait(ctx)
		if err != nil {
			return 0, err
		}
		sum += v
	}
	return sum, nil
}

func askPond(n int, value func(int) int) (sum int, err error) {
	p := pond.NewResultPool[int](workers, pond.WithQueueSize(queue))
	defer p.StopAndWait()
	tasks := make([]pond.ResultTask[int], n)
	for i := range tasks {
		tasks[i] = p.Submit(func() int { return value(i) })
	}
	for _, t := range tasks {
		v, err := t.Wait()
		if err != nil {
			return 0, err
		}
		sum += v
	}
	return sum, nil
}

func askErrgroup(n int, value func(int) int) (sum int, err error) {
	var g errgroup.Group
	g.SetLimit(workers)
	values := make([]int, n)
	for i := range values {
		g.Go(func() error {
			values[i] = value(i)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	for _, v := range values {
		sum += v
	}
	return sum, nil
}

func askConc(n int, value func(int) int) (sum int, err error) {
	p := concpool.NewWithResults[int]().WithMaxGoroutines(workers)
	for i := range n {
		p.Go(func() int { return value(i) })
	}
	for _, v := range p.Wait() {
		sum += v
	}
	return sum, nil
}
