package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

var works = []work{
	{"tasks that wait", "a loop", "GatherEach", tasksOne, tasksMany},
	{"HTTP", "a loop", "GatherEach", httpOne, httpMany},
	{"HTTP, in lanes and by priority", "a loop", "Runner", httpOne, httpRunner},
	{"a stream: fetch, parse, sum", "Map", "ParMap", streamOne, streamMany},
	{"storing records", "a request each", "Batch(10)", recordsOne, recordsBatched},
	{"storing records", "a request each", "Batch(10), ParMap", recordsOne, recordsBoth},
}

// wait stands in for anything that takes as long as an answer, elsewhere.
func (s *site) wait(ctx context.Context, n int) (int, error) {
	timer := time.NewTimer(s.latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		return n, nil
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func total(values []int) (sum int) {
	for _, v := range values {
		sum += v
	}
	return sum
}

func tasksOne(ctx context.Context, s *site, n, _ int) (sum int, err error) {
	for i := range n {
		v, err := s.wait(ctx, i)
		if err != nil {
			return 0, err
		}
		sum += v
	}
	return sum, nil
}

func tasksMany(ctx context.Context, s *site, n, jobs int) (int, error) {
	values, err := asynccore.GatherEach(ctx, jobs, numbers(n), s.wait)
	return total(values), err
}

// fetch is an item as a number.
func (s *site) fetch(ctx context.Context, n int) (int, error) {
	text, err := s.item(ctx, n)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}

func httpOne(ctx context.Context, s *site, n, _ int) (sum int, err error) {
	for i := range n {
		v, err := s.fetch(ctx, i)
		if err != nil {
			return 0, err
		}
		sum += v
	}
	return sum, nil
}

func httpMany(ctx context.Context, s *site, n, jobs int) (int, error) {
	values, err := asynccore.GatherEach(ctx, jobs, numbers(n), s.fetch)
	return total(values), err
}

func httpRunner(ctx context.Context, s *site, n, jobs int) (sum int, err error) {
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: jobs})
	tasks := make([]*asynccore.Task[int], n)
	for i := range tasks {
		job := asynccore.Job{Key: fmt.Sprintf("host %d", i%3)}
		if i%10 == 0 {
			job.Priority = asynccore.PriorityCritical
		}
		tasks[i], err = asynccore.Submit(ctx, runner, job, func(ctx context.Context) (int, error) { return s.fetch(ctx, i) })
		if err != nil {
			break
		}
	}
	if err := runner.Close(ctx); err != nil {
		return 0, err
	}
	for _, t := range tasks {
		if res, ok := t.Result(); ok {
			sum += res.Value
		}
	}
	return sum, err
}

func streamOne(ctx context.Context, s *site, n, _ int) (int, error) {
	bodies := asynccore.Map(asynccore.FromSlice(numbers(n)), func(i int) (string, error) { return s.item(ctx, i) })
	return asynccore.Reduce(asynccore.Map(bodies, strconv.Atoi), 0, add)
}

func streamMany(ctx context.Context, s *site, n, jobs int) (int, error) {
	cfg := asynccore.ParConfig{N: jobs, Ordered: true}
	bodies := asynccore.ParMap(ctx, asynccore.FromSlice(numbers(n)), cfg, s.item)
	return asynccore.Reduce(asynccore.Map(bodies, strconv.Atoi), 0, add)
}

func add(sum, v int) int { return sum + v }

// records are what is to be stored.
func records(n int) asynccore.Stream[string] {
	return asynccore.Map(asynccore.FromSlice(numbers(n)), func(i int) (string, error) {
		return fmt.Sprintf(`{"record":%d}`, i), nil
	})
}

// storing returns how many records do has stored.
func (s *site) storing(do func() error) (int, error) {
	before := s.stored.Load()
	err := do()
	return int(s.stored.Load() - before), err
}

func recordsOne(ctx context.Context, s *site, n, _ int) (int, error) {
	return s.storing(func() error {
		return records(n).ForEach(func(r string) error { return s.store(ctx, []string{r}) })
	})
}

func recordsBatched(ctx context.Context, s *site, n, _ int) (int, error) {
	return s.storing(func() error {
		return asynccore.Batch(records(n), 10).ForEach(func(batch []string) error { return s.store(ctx, batch) })
	})
}

func recordsBoth(ctx context.Context, s *site, n, jobs int) (int, error) {
	return s.storing(func() error {
		store := func(ctx context.Context, batch []string) (struct{}, error) { return struct{}{}, s.store(ctx, batch) }
		_, err := asynccore.ParMap(ctx, asynccore.Batch(records(n), 10), asynccore.ParConfig{N: jobs}, store).Count()
		return err
	})
}
