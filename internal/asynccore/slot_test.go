package asynccore_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
)

// A parked job comes back before the younger ones of its lane, with the class
// and the time it had.
func TestSlotKeepsItsPlace(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		start := time.Now()
		var l trace
		for i := range 3 {
			mustGo(t, r, asynccore.Job{Key: "a"}, func(ctx context.Context) {
				s := asynccore.SlotFrom(ctx)
				s.Release()
				s.Release() // does nothing
				// The older, the later: they come back in the wrong order.
				pass(ctx, time.Duration(3-i)*time.Second)
				if err := s.Acquire(ctx, "a"); err != nil {
					t.Error(err)
				}
				if !s.Held() {
					t.Errorf("job %d holds no slot", i)
				}
				l.note("%d again at %v", i, time.Since(start))
				pass(ctx, time.Second)
			})
		}
		synctest.Wait()
		mustGo(t, r, asynccore.Job{Key: "a"}, func(ctx context.Context) {
			l.note("long at %v", time.Since(start))
			pass(ctx, 5*time.Second)
		})
		mustGo(t, r, asynccore.Job{Key: "a"}, l.busy("last", 0))
		mustClose(t, r)
		l.want(t, "long at 0s", "0 again at 5s", "1 again at 6s", "2 again at 7s", "last")
	})
}

func TestSlotAcquireOtherKey(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 4, KeyLimit: 1})
		start := time.Now()
		var l trace
		mustGo(t, r, asynccore.Job{Key: "b"}, l.busy("b", 3*time.Second))
		mustGo(t, r, asynccore.Job{Key: "a"}, func(ctx context.Context) {
			s := asynccore.SlotFrom(ctx)
			if err := s.Acquire(ctx, "a"); err != nil || time.Since(start) != 0 { // held already
				t.Errorf("Acquire of the same key: %v after %v", err, time.Since(start))
			}
			brief, cancel := context.WithTimeoutCause(ctx, time.Second, errGroup)
			defer cancel()
			if err := s.Acquire(brief, "b"); err != errGroup || s.Held() {
				t.Errorf("Acquire beyond its context: %v", err)
			}
			if err := s.Acquire(brief, "a"); err != errGroup {
				t.Errorf("Acquire with a context that has ended: %v", err)
			}
			if err := s.Acquire(ctx, "b"); err != nil || s.Key() != "b" {
				t.Errorf("Acquire: %v", err)
			}
			l.note("redirected at %v", time.Since(start))
		})
		synctest.Wait()
		mustGo(t, r, asynccore.Job{Key: "a"}, func(context.Context) { l.note("a is free at %v", time.Since(start)) })
		mustClose(t, r)
		l.want(t, "b", "a is free at 0s", "redirected at 3s")
	})
}

// A slot that somebody kept is harmless when its job has ended.
func TestSlotAfterJob(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		kept := make(chan context.Context, 1)
		waiting := make(chan error, 1)
		mustGo(t, r, asynccore.Job{Key: "a"}, func(ctx context.Context) {
			kept <- ctx
			s := asynccore.SlotFrom(ctx)
			s.Release()
			r.Pause("a", time.Now().Add(time.Hour))
			go func() { waiting <- s.Acquire(ctx, "a") }()
			synctest.Wait()
			if err := s.Acquire(ctx, "a"); err == nil {
				t.Error("two goroutines acquire one slot")
			}
		})
		ctx := <-kept
		if err := <-waiting; err != asynccore.ErrClosed {
			t.Errorf("Acquire that outlived the job: %v", err)
		}
		s := asynccore.SlotFrom(ctx)
		s.Release()
		if err := s.Acquire(t.Context(), "a"); err != asynccore.ErrClosed {
			t.Errorf("Acquire after the job: %v", err)
		}
		if stats := r.Stats(); stats.Running != 0 || stats.Parked != 0 {
			t.Errorf("%+v", stats)
		}
		mustClose(t, r)
	})
}

func TestYieldWithoutSlot(t *testing.T) {
	resume := asynccore.Yield(t.Context())
	if err := resume(t.Context()); err != nil {
		t.Error(err)
	}
	if s := asynccore.SlotFrom(t.Context()); s != nil {
		t.Errorf("a slot outside of a Runner: %v", s)
	}
}

// Ten thousand parked jobs of one lane come back at once, the oldest first.
func TestSlotManyResume(t *testing.T) {
	jobs := 10_000
	if testing.Short() {
		jobs = 1_000
	}
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1, Queue: jobs})
		until := time.Now().Add(time.Minute)
		next := 0
		for i := range jobs {
			mustGo(t, r, asynccore.Job{Key: "a"}, func(ctx context.Context) {
				s := asynccore.SlotFrom(ctx)
				s.Release()
				pass(ctx, time.Duration(jobs-i)*time.Microsecond)
				if err := s.Acquire(ctx, "a"); err != nil {
					t.Error(err)
				}
				if i != next || time.Now() != until {
					t.Errorf("job %d came back at %v, want job %d", i, time.Now(), next)
				}
				next++
			})
		}
		synctest.Wait()
		r.Pause("a", until)
		mustClose(t, r)
		if next != jobs {
			t.Errorf("%s of %d jobs", fmt.Sprint(next), jobs)
		}
	})
}

// A slot that outlives its job does not stand for the job after it, although the
// Runner uses for that one what it knew of the first.
func TestSlotAfterItsJob(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		var old *asynccore.Slot
		mustGo(t, r, asynccore.Job{Key: "a"}, func(ctx context.Context) { old = asynccore.SlotFrom(ctx) })
		synctest.Wait()
		var held bool
		mustGo(t, r, asynccore.Job{Key: "a"}, func(ctx context.Context) {
			pass(ctx, time.Second)
			held = asynccore.SlotFrom(ctx).Held()
		})
		synctest.Wait()
		old.Release()
		if err := old.Acquire(t.Context(), "b"); err != asynccore.ErrClosed {
			t.Errorf("Acquire: %v", err)
		}
		if old.Held() || old.Key() != "" {
			t.Errorf("held %t, key %q", old.Held(), old.Key())
		}
		mustClose(t, r)
		if !held {
			t.Error("the next job has lost its slot")
		}
	})
}
