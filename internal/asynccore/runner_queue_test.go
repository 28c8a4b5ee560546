package asynccore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
)

func TestRunnerQueueBlocks(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 2, Queue: 3})
		start := time.Now()
		var l trace
		for i := range 9 {
			mustGo(t, r, asynccore.Job{}, func(ctx context.Context) { pass(ctx, time.Second) })
			l.note("%d at %v", i, time.Since(start))
		}
		l.want(t, "0 at 0s", "1 at 0s", "2 at 0s", "3 at 0s", "4 at 0s", "5 at 1s", "6 at 1s", "7 at 2s", "8 at 2s")

		ctx, cancel := context.WithTimeoutCause(t.Context(), 500*time.Millisecond, errGroup)
		defer cancel()
		synctest.Wait()
		if err := r.TryGo(t.Context(), asynccore.Job{}, nil); err != asynccore.ErrQueueFull {
			t.Errorf("TryGo: %v", err)
		}
		if err := r.Go(ctx, asynccore.Job{}, nil); err != errGroup || time.Since(start) != 2500*time.Millisecond {
			t.Errorf("Go: %v after %v", err, time.Since(start))
		}
		if err := r.Go(ctx, asynccore.Job{}, nil); err != errGroup {
			t.Errorf("Go with a context that has ended: %v", err)
		}
		if err := r.Go(t.Context(), asynccore.Job{Priority: 5}, nil); err == nil {
			t.Error("a priority that there is not was taken")
		}
		blocked := make(chan error)
		go func() { blocked <- r.Go(t.Context(), asynccore.Job{}, nil) }()
		synctest.Wait()
		if stats := r.Stats(); stats.Queued != 3 || stats.Running != 2 || !stats.Blocked {
			t.Errorf("%+v", stats)
		}
		go mustClose(t, r)
		if err := <-blocked; err != asynccore.ErrClosed {
			t.Errorf("blocked Go at Close: %v", err)
		}
		mustClose(t, r)
	})
}

// With Refill a blocked submission waits for that much room, and no longer than
// until a slot has nothing to do.
func TestRunnerRefill(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1, Queue: 10, Refill: 4})
		start := time.Now()
		var l trace
		for i := range 18 {
			mustGo(t, r, asynccore.Job{}, func(ctx context.Context) { pass(ctx, time.Second) })
			if i > 9 {
				l.note("%d at %v", i, time.Since(start))
			}
		}
		l.want(t, "10 at 0s", "11 at 4s", "12 at 4s", "13 at 4s", "14 at 4s", "15 at 8s", "16 at 8s", "17 at 8s")
		time.Sleep(time.Until(start.Add(8500 * time.Millisecond)))
		mustGo(t, r, asynccore.Job{}, func(ctx context.Context) { pass(ctx, time.Second) })
		time.AfterFunc(time.Second, func() { r.Pause("", start.Add(time.Hour)) }) // what is queued
		mustGo(t, r, asynccore.Job{Key: "other"}, func(context.Context) {})
		if at := time.Since(start); at != 10*time.Second {
			t.Errorf("let in after %v, with room since 9s and a free slot since 10s", at)
		}
		r.Pause("", time.Time{})
		mustClose(t, r)
	})
}

// With Ahead fewer jobs wait while some run, and a slot that the limit of their
// key keeps free calls for no more of them; in a standstill there are as many as
// Queue.
func TestRunnerAhead(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 2, KeyLimit: 1, Queue: 10, Ahead: 4, Refill: 2})
		start := time.Now()
		time.AfterFunc(3500*time.Millisecond, func() { r.Pause("k", start.Add(time.Hour)) })
		var l trace
		for i := range 15 {
			mustGo(t, r, asynccore.Job{Key: "k"}, func(ctx context.Context) { pass(ctx, time.Second) })
			synctest.Wait()
			l.note("%d at %v", i, time.Since(start))
		}
		l.want(t, "0 at 0s", "1 at 0s", "2 at 0s", "3 at 0s", "4 at 0s", "5 at 2s", "6 at 2s",
			"7 at 4s", "8 at 4s", "9 at 4s", "10 at 4s", "11 at 4s", "12 at 4s", "13 at 4s", "14 at 1h0m7s")
		mustClose(t, r)
	})
}

// Parked jobs are in the Runner too: however many fail and wait to try again,
// memory is bounded.
func TestRunnerQueueCountsParked(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1, Queue: 3})
		start := time.Now()
		var l trace
		for i := range 6 {
			mustGo(t, r, asynccore.Job{}, func(ctx context.Context) {
				resume := asynccore.Yield(ctx)
				pass(ctx, time.Minute)
				if err := resume(ctx); err != nil {
					t.Error(err)
				}
			})
			l.note("%d at %v", i, time.Since(start))
			synctest.Wait()
		}
		mustClose(t, r)
		l.want(t, "0 at 0s", "1 at 0s", "2 at 0s", "3 at 1m0s", "4 at 1m0s", "5 at 1m0s")
	})
}

// Jobs that share a context hear at once of its end, without a slot.
func TestRunnerCancelQueued(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		var l trace
		mustGo(t, r, asynccore.Job{}, l.busy("runs", time.Hour))
		synctest.Wait()
		ctx, cancel := context.WithCancelCause(t.Context())
		type noted struct{}
		for i := range 3 {
			fn := l.busy(fmt.Sprint("job ", i), time.Hour)
			err := r.Go(context.WithValue(ctx, noted{}, i), asynccore.Job{Key: fmt.Sprint(i % 2)}, func(ctx context.Context) {
				if got := ctx.Value(noted{}); got != i {
					t.Errorf("job %d has the value %v", i, got)
				}
				s := asynccore.SlotFrom(ctx)
				if s.Held() {
					t.Errorf("job %d has a slot", i)
				}
				if err := s.Acquire(ctx, "again"); err != errGroup {
					t.Errorf("Acquire: %v", err)
				}
				fn(ctx)
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Go(ctx, asynccore.Job{}, l.busy(fmt.Sprint("shared ", i), time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		cancel(errGroup)
		synctest.Wait()
		if len(l.events) != 7 || l.events[0] != "runs" {
			t.Errorf("events: %q", l.events)
		}
		if stats := r.Stats(); stats.Running != 1 || stats.Queued != 0 || stats.Lanes != 1 {
			t.Errorf("%+v", stats)
		}
		mustClose(t, r)
	})
}

func TestRunnerQueueTimeout(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		start := time.Now()
		var l trace
		j := asynccore.Job{QueueTimeout: 3 * time.Second}
		for i := range 5 {
			mustGo(t, r, j, func(ctx context.Context) {
				l.note("%d at %v: %v", i, time.Since(start), context.Cause(ctx))
				pass(ctx, 1200*time.Millisecond)
			})
			time.Sleep(time.Millisecond)
		}
		mustClose(t, r)
		l.want(t, "0 at 0s: <nil>", "1 at 1.2s: <nil>", "2 at 2.4s: <nil>",
			"3 at 3.003s: queue wait timed out after 3s", "4 at 3.004s: queue wait timed out after 3s")
	})
}

// Close does not wait for the queue timeouts of jobs that have started.
func TestRunnerQueueTimeoutStops(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		start := time.Now()
		for range 3 {
			mustGo(t, r, asynccore.Job{QueueTimeout: time.Hour}, func(ctx context.Context) { pass(ctx, time.Second) })
		}
		mustClose(t, r)
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("closed after %v", took)
		}
	})
}

func TestRunnerJobTimeout(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		start := time.Now()
		for range 2 { // the second waits for the first; that does not count
			mustGo(t, r, asynccore.Job{Timeout: time.Second}, func(ctx context.Context) {
				deadline, ok := ctx.Deadline()
				if want := time.Now().Add(time.Second); !ok || !deadline.Equal(want) {
					t.Errorf("deadline %v, want %v", deadline, want)
				}
				<-ctx.Done()
				cause, ok := errors.AsType[*asynccore.TimeoutError](context.Cause(ctx))
				if !ok || *cause != (asynccore.TimeoutError{Op: "job", After: time.Second}) {
					t.Errorf("cause %v", context.Cause(ctx))
				}
				if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
					t.Errorf("error %v", ctx.Err())
				}
			})
		}
		mustClose(t, r)
		if got := time.Since(start); got != 2*time.Second {
			t.Errorf("took %v", got)
		}
	})
}

// fickle is a context that cannot be compared.
type fickle struct {
	context.Context
	_ func()
}

func TestRunnerAnyContext(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		for _, ctx := range []context.Context{fickle{Context: ctx}, fickle{Context: ctx}, context.Background(), context.TODO(), ctx} {
			if err := r.Go(ctx, asynccore.Job{}, func(context.Context) { n++ }); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		cancel()
		mustClose(t, r)
		if n != 5 {
			t.Errorf("%d of 5 jobs ran", n)
		}
	})
}

// tardy is a context under which a blocked submission takes a while to notice
// anything, as a goroutine does that is not scheduled at once: before it waits,
// the Runner looks for a slot in the context.
type tardy struct {
	context.Context
	by time.Duration
}

func (c *tardy) Value(key any) any {
	if fmt.Sprintf("%T", key) == "asynccore.slotKey" {
		time.Sleep(c.by)
	}
	return c.Context.Value(key)
}

// stale is a context whose Err is believed for a while, once: what a Runner sees
// that is interrupted behind its look at the context.
type stale struct {
	context.Context
	once time.Duration
}

func (c *stale) Err() error {
	err, by := c.Context.Err(), c.once
	c.once = 0
	time.Sleep(by)
	return err
}

// A job whose context ends while it is submitted hears of it, though the others
// of that context have been told already, or have ended before.
func TestRunnerSubmitCancelled(t *testing.T) {
	for _, tt := range []struct {
		name    string
		workers int
		want    []string
	}{
		{"first queued", 1, []string{"group cancelled at 2s", "group cancelled at 3s"}},
		{"first done", 2, []string{"<nil> at 0s", "group cancelled at 3s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: tt.workers})
				mustGo(t, r, asynccore.Job{}, func(ctx context.Context) { pass(ctx, time.Hour) })
				start := time.Now()
				var l trace
				inner, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				time.AfterFunc(2*time.Second, func() { cancel(errGroup) })
				ctx := &stale{Context: inner}
				for _, once := range []time.Duration{0, 3 * time.Second} {
					ctx.once = once
					if err := r.Go(ctx, asynccore.Job{}, func(ctx context.Context) { l.note("%v at %v", context.Cause(ctx), time.Since(start)) }); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					r.SetWorkers(1)
				}
				l.want(t, tt.want...)
				r.Stop(nil)
				mustClose(t, r)
			})
		})
	}
}

// A submission that is blocked when its context ends is not let in later, though
// it has not noticed yet: nobody would tell the job, and Close would wait for it.
func TestRunnerBlockedCancelled(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1, Queue: 1})
		mustGo(t, r, asynccore.Job{}, func(ctx context.Context) { pass(ctx, 2*time.Second) })
		mustGo(t, r, asynccore.Job{}, func(ctx context.Context) { pass(ctx, time.Hour) })
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errGroup) })
		err := r.Go(&tardy{ctx, 3 * time.Second}, asynccore.Job{}, func(context.Context) { t.Error("called") })
		if err != errGroup {
			t.Errorf("blocked Go: %v", err)
		}
		r.Stop(nil)
		synctest.Wait()
		if stats := r.Stats(); stats.Queued != 0 {
			t.Fatalf("Close would wait for ever: %+v", stats)
		}
		mustClose(t, r)
	})
}

// A submission that was let in is granted a slot at once, though its goroutine
// has not noticed yet.
func TestRunnerBlockedStarts(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1, Queue: 1})
		start := time.Now()
		mustGo(t, r, asynccore.Job{}, func(ctx context.Context) {
			asynccore.SlotFrom(ctx).Release()
			pass(ctx, time.Second)
		})
		synctest.Wait()
		started := make(chan time.Duration, 1)
		err := r.Go(&tardy{t.Context(), time.Minute}, asynccore.Job{}, func(context.Context) { started <- time.Since(start) })
		if err != nil {
			t.Fatal(err)
		}
		if at := <-started; at != time.Second {
			t.Errorf("started after %v, want 1s", at)
		}
		mustClose(t, r)
	})
}
