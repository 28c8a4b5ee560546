package contest

import (
	"context"
	"errors"
	"fmt"

	"github.com/specify-cli/specify/internal/asynccore"
)

// spreadCase is what priorities and lanes cost a runner that uses them: jobs
// over five classes and a hundred keys against jobs that are all alike.
func spreadCase(n int) Case {
	classes := []asynccore.Priority{
		asynccore.PriorityCritical, asynccore.PriorityHigh, asynccore.PriorityNormal, asynccore.PriorityLow, asynccore.PriorityBackground,
	}
	spread := make([]asynccore.Job, 500) // every class with every key
	for i := range spread {
		spread[i] = asynccore.Job{Priority: classes[i%5], Key: fmt.Sprintf("https://host-%d.example:443", i/5)}
	}
	way := func(jobs []asynccore.Job) Way {
		return perItem(n, func() error { return submitJobs(n, jobs, func() {}) })
	}
	return Case{
		Name:   "submit over 5 classes and 100 keys",
		Unit:   "ns",
		Ours:   way(spread),
		Rivals: []Rival{{"asynccore, one class, no key", way([]asynccore.Job{{}}), 2.0}},
	}
}

func submitJobs(n int, jobs []asynccore.Job, job func()) error {
	ctx := context.Background()
	r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: workers, Queue: queue})
	body := func(context.Context) { job() }
	for i := range n {
		if err := r.Go(ctx, jobs[i%len(jobs)], body); err != nil {
			return errors.Join(err, r.Close(ctx))
		}
	}
	return r.Close(ctx)
}
