package contest

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/alitto/pond/v2"

	"github.com/specify-cli/specify/internal/asynccore"
)

// behindCase is how many jobs of a slow host start before the first job of
// another one on a single worker, when n of them were there before it.
func behindCase(n int) Case {
	return Case{
		Name:   "jobs of slow host A that start before B's, of many",
		Unit:   "jobs",
		Ours:   func() (float64, error) { return behindOurs(n) },
		Bound:  1,
		Rivals: []Rival{{"pond", func() (float64, error) { return behindPond(n) }, 0}},
	}
}

// queued counts the jobs that host A has started, and holds the first.
type queued struct {
	started atomic.Int64
	first   chan struct{} // closed when the first has the worker
	b       chan struct{} // closed when B has submitted its job
}

func newQueued() *queued { return &queued{first: make(chan struct{}), b: make(chan struct{})} }

func (q *queued) job() {
	if q.started.Add(1) == 1 {
		close(q.first)
	}
	<-q.b
}

func behindOurs(n int) (float64, error) {
	ctx := context.Background()
	r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1, Queue: n})
	q := newQueued()
	var err error
	for range n {
		err = errors.Join(err, r.Go(ctx, asynccore.Job{Key: "A"}, func(context.Context) { q.job() }))
	}
	<-q.first
	var before int64
	err = errors.Join(err, r.Go(ctx, asynccore.Job{Key: "B"}, func(context.Context) { before = q.started.Load() }))
	close(q.b)
	err = errors.Join(err, r.Close(ctx))
	return float64(before - 1), err // the first had started before B came
}

func behindPond(n int) (float64, error) {
	p := pond.NewPool(1)
	q := newQueued()
	for range n {
		p.Submit(q.job)
	}
	<-q.first
	var before int64
	p.Submit(func() { before = q.started.Load() })
	close(q.b)
	p.StopAndWait()
	return float64(before - 1), nil
}

// pausedCase is how much longer than alone two hosts take on a single worker
// while a third, which has just asked for a minute's wait (Retry-After: 60), has
// a job that waits for it.
func pausedCase() Case {
	return Case{
		Name:  "delay of two hosts while a third asks for 60 s, 1 worker",
		Unit:  "ms",
		Ours:  func() (float64, error) { return pausedOurs() },
		Bound: 1000 * request.Seconds(), // one task
	}
}

// request is how long one takes there.
const request = 20 * time.Millisecond

func pausedOurs() (float64, error) {
	ctx := context.Background()
	r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
	alone, err := twoHosts(ctx, r, "B", "C")

	var again atomic.Bool
	answered := make(chan struct{}) // 503, Retry-After: 60
	err = errors.Join(err, r.Go(ctx, asynccore.Job{Key: "A"}, func(ctx context.Context) {
		r.Pause("A", time.Now().Add(time.Minute))
		close(answered)
		again.Store(asynccore.Yield(ctx)(ctx) == nil) // waits for the slot; Stop ends that
	}))
	<-answered
	beside, e := twoHosts(ctx, r, "B", "C")

	r.Stop(nil)
	err = errors.Join(err, e, r.Close(ctx))
	if again.Load() {
		err = errors.Join(err, errors.New("the paused host was asked before its time"))
	}
	return max(0, 1000*(beside-alone).Seconds()), err
}

// twoHosts returns how long a request to each of the hosts takes, in all.
func twoHosts(ctx context.Context, r *asynccore.Runner, hosts ...string) (time.Duration, error) {
	began := time.Now()
	var tasks []*asynccore.Task[struct{}]
	var err error
	for _, host := range hosts {
		t, e := asynccore.Submit(ctx, r, asynccore.Job{Key: host}, func(context.Context) (struct{}, error) {
			time.Sleep(request)
			return struct{}{}, nil
		})
		if err = errors.Join(err, e); e == nil {
			tasks = append(tasks, t)
		}
	}
	for _, t := range tasks {
		_, e := t.Wait(ctx)
		err = errors.Join(err, e)
	}
	return time.Since(began), err
}
