package asynccore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
)

// Seven holders of a second each, two at a time, in the order they came.
func TestSemaphoreOrder(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		s := asynccore.NewSemaphore(2)
		start := time.Now()
		held := make([]time.Duration, 7)
		var holders sync.WaitGroup
		for i := range held {
			holders.Go(func() {
				err := s.Use(t.Context(), func(context.Context) error {
					held[i] = time.Since(start)
					time.Sleep(time.Second)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
			synctest.Wait() // so that they come one after the other
		}
		holders.Wait()
		want := []time.Duration{0, 0, time.Second, time.Second, 2 * time.Second, 2 * time.Second, 3 * time.Second}
		if !slices.Equal(held, want) {
			t.Errorf("held from %v, want %v", held, want)
		}
	})
}

func TestSemaphoreRelease(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		s := asynccore.NewSemaphore(1)
		release, err := s.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		release()
		release() // a second time does not make room for another

		release, err = s.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if free(s) {
			t.Error("two holders of a semaphore for one")
		}
		release()
		if !free(s) {
			t.Error("the slot was not given back")
		}
	})
}

// free says whether a slot can be had without waiting; for use in a bubble.
func free(s *asynccore.Semaphore) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
	defer cancel()
	return s.Use(ctx, func(context.Context) error { return nil }) == nil
}

func TestSemaphoreContext(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		stop := errors.New("stop")
		s := asynccore.NewSemaphore(0) // taken as 1
		release, err := s.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(stop) })
		start := time.Now()
		if _, err := s.Acquire(ctx); err != stop || time.Since(start) != time.Second {
			t.Errorf("Acquire: %v after %v, want %v after 1s", err, time.Since(start), stop)
		}
		release()
		called := func(context.Context) error { t.Error("called"); return nil }
		if err := s.Use(ctx, called); err != stop {
			t.Errorf("Use under a dead context, a slot being free: %v", err)
		}
		if !free(s) {
			t.Error("who gave up kept a slot")
		}
	})
}

func TestSemaphoreUseReleases(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		s := asynccore.NewSemaphore(1)
		boom := errors.New("boom")
		if err := s.Use(t.Context(), func(context.Context) error { return boom }); err != boom {
			t.Errorf("error %v", err)
		}
		func() {
			defer func() {
				if p := recover(); p != "bug" {
					t.Errorf("recovered %v", p)
				}
			}()
			_ = s.Use(t.Context(), func(context.Context) error { panic("bug") })
		}()
		if !free(s) {
			t.Error("the slot was not given back")
		}
	})
}

func BenchmarkSemaphore(b *testing.B) {
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprintf("limit=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			s := asynccore.NewSemaphore(n)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := s.Use(b.Context(), func(context.Context) error { return nil }); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
