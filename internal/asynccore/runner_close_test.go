package asynccore_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
)

// Close waits for all that was accepted: queued, running, parked and paused.
func TestRunnerCloseDrains(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		start := time.Now()
		var l trace
		r.Pause("paused", start.Add(10*time.Second))
		mustGo(t, r, asynccore.Job{Key: "paused"}, func(context.Context) { l.note("paused %v", time.Since(start)) })
		mustGo(t, r, asynccore.Job{}, func(ctx context.Context) {
			resume := asynccore.Yield(ctx)
			pass(ctx, 5*time.Second)
			if err := resume(ctx); err != nil {
				t.Error(err)
			}
			l.note("parked %v", time.Since(start))
		})
		for i := range 3 {
			mustGo(t, r, asynccore.Job{}, func(ctx context.Context) {
				pass(ctx, time.Second)
				l.note("%d %v", i, time.Since(start))
			})
		}
		mustClose(t, r)
		l.want(t, "0 1s", "1 2s", "2 3s", "parked 5s", "paused 10s")
		mustClose(t, r) // again
	})
}

// When the context of Close ends, all jobs are cancelled with its cause; Close
// still waits for those that take their time.
func TestRunnerCloseGivesUp(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 2})
		start := time.Now()
		var l trace
		mustGo(t, r, asynccore.Job{}, func(ctx context.Context) {
			<-ctx.Done()
			time.Sleep(time.Second)
			l.note("slow to end: %v at %v", context.Cause(ctx), time.Since(start))
		})
		mustGo(t, r, asynccore.Job{Key: "a"}, func(ctx context.Context) {
			s := asynccore.SlotFrom(ctx)
			r.Pause("a", start.Add(time.Hour))
			s.Release()
			// Even where the context of the job does not count.
			err := s.Acquire(context.WithoutCancel(ctx), "a")
			l.note("resuming: %v at %v", err, time.Since(start))
			if err := s.Acquire(context.WithoutCancel(ctx), "a"); err != errGroup || s.Held() {
				t.Errorf("Acquire after Stop: %v", err)
			}
		})
		synctest.Wait()
		mustGo(t, r, asynccore.Job{Key: "a"}, func(ctx context.Context) {
			l.note("queued: %v at %v", context.Cause(ctx), time.Since(start))
		})
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, errGroup)
		defer cancel()
		if err := r.Close(ctx); err != nil {
			t.Error(err)
		}
		if len(l.events) != 3 || l.events[2] != "slow to end: group cancelled at 4s" {
			t.Errorf("events %q", l.events)
		}
		for _, want := range []string{"resuming: group cancelled at 3s", "queued: group cancelled at 3s"} {
			if !strings.Contains(strings.Join(l.events, "\n"), want) {
				t.Errorf("no %q in %q", want, l.events)
			}
		}
		r.Stop(nil) // too late to matter
	})
}

func TestRunnerStopWithoutCause(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{})
		var cause error
		mustGo(t, r, asynccore.Job{}, func(ctx context.Context) {
			<-ctx.Done()
			cause = context.Cause(ctx)
		})
		synctest.Wait()
		r.Stop(nil)
		r.Stop(errGroup) // the first counts
		if err := r.Go(t.Context(), asynccore.Job{}, nil); err != asynccore.ErrClosed {
			t.Errorf("Go after Stop: %v", err)
		}
		mustClose(t, r)
		if cause != context.Canceled {
			t.Errorf("cause %v", cause)
		}
	})
}

// A panic or Goexit ends its job, not the worker's work, nor that of the
// goroutine that tells jobs of their cancellation.
func TestRunnerPanics(t *testing.T) {
	for _, tt := range []struct {
		name      string
		cancelled bool
	}{{"running", false}, {"never started", true}} {
		t.Run(tt.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
				hold := make(chan struct{})
				mustGo(t, r, asynccore.Job{}, func(context.Context) { <-hold })
				synctest.Wait()
				ctx, cancel := context.WithCancel(t.Context())
				ran := 0
				for i := range 6 {
					err := r.Go(ctx, asynccore.Job{}, func(ctx context.Context) {
						ran++
						switch i {
						case 1:
							panic(errGroup)
						case 3:
							runtime.Goexit()
						case 4:
							panic("last")
						}
					})
					if err != nil {
						t.Fatal(err)
					}
				}
				if tt.cancelled {
					cancel()
					synctest.Wait()
				}
				close(hold)
				err := r.Close(t.Context())
				cancel()
				if ran != 6 {
					t.Errorf("%d of 6 jobs ran", ran)
				}
				want := "panic: group cancelled\ngoroutine ended by runtime.Goexit\npanic: last"
				if err == nil || err.Error() != want {
					t.Fatalf("Close: %v\nwant %s", err, want)
				}
				p, ok := errors.AsType[*asynccore.PanicError](err)
				if !ok || !errors.Is(err, errGroup) || !strings.Contains(string(p.Stack), "TestRunnerPanics") {
					t.Errorf("the panic has lost its value or stack: %#v", p)
				}
				if stats := r.Stats(); stats != (asynccore.RunnerStats{Workers: 1}) {
					t.Errorf("%+v", stats)
				}
			})
		})
	}
}

// However many jobs fail, what is kept for Close is bounded.
func TestRunnerManyPanics(t *testing.T) {
	r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 4})
	for i := range 1000 {
		mustGo(t, r, asynccore.Job{}, func(context.Context) { panic(i) })
	}
	err := r.Close(t.Context())
	many, ok := err.(interface{ Unwrap() []error })
	if !ok || len(many.Unwrap()) != 101 {
		t.Fatalf("Close: %T", err)
	}
	if last := many.Unwrap()[100].Error(); last != "900 more jobs failed" {
		t.Errorf("the last error is %q", last)
	}
}

// Close, Stop and submissions in the same moment.
func TestRunnerCloseRaces(t *testing.T) {
	for range 200 {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 2, Queue: 2})
		ctx, cancel := context.WithCancel(t.Context())
		calls := make(chan struct{}, 100)
		accepted := make(chan int)
		for g := range 3 {
			go func() {
				n := 0
				for i := range 10 {
					j := asynccore.Job{Key: fmt.Sprint(i % 2), QueueTimeout: time.Duration(g) * 50 * time.Microsecond}
					if r.Go(ctx, j, func(ctx context.Context) {
						resume := asynccore.Yield(ctx)
						_ = resume(ctx)
						calls <- struct{}{}
					}) == nil {
						n++
					}
				}
				accepted <- n
			}()
		}
		go cancel()
		go r.Stop(errGroup)
		if err := r.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		called := len(calls)
		if n := <-accepted + <-accepted + <-accepted; n != called {
			t.Fatalf("%d jobs were accepted, %d called when Close returned", n, called)
		}
	}
}
