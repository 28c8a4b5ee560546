package contest

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/specify-cli/specify/internal/asynccore"
)

// slowCase is what is left of all this when a job does something: a wait of a
// millisecond, as for an answer from nearby.
func slowCase(n int) Case {
	job := func() { time.Sleep(time.Millisecond) }
	way := func(s submitter) Way {
		return func() (float64, error) {
			ns, err := perItem(n, func() error { return s(n, job) })()
			return ns / 1000, err
		}
	}
	return Case{
		Name:   "jobs of 1 ms on 100 workers",
		Unit:   "µs",
		Ours:   way(slowOurs),
		Rivals: []Rival{{"errgroup", way(slowErrgroup), 1.05}},
	}
}

const manyWorkers = 100

func slowOurs(n int, job func()) error {
	ctx := context.Background()
	r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: manyWorkers, Queue: queue})
	body := func(context.Context) { job() }
	for range n {
		if err := r.Go(ctx, asynccore.Job{}, body); err != nil {
			return errors.Join(err, r.Close(ctx))
		}
	}
	return r.Close(ctx)
}

func slowErrgroup(n int, job func()) error {
	var g errgroup.Group
	g.SetLimit(manyWorkers)
	for range n {
		g.Go(func() error {
			job()
			return nil
		})
	}
	return g.Wait()
}
