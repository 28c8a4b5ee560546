package asynccore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
)

func TestQueueTry(t *testing.T) {
	q := asynccore.NewQueue[string](2)
	if _, err := q.TryGet(); err != asynccore.ErrQueueEmpty {
		t.Errorf("TryGet of an empty queue: %v", err)
	}
	for _, v := range []string{"a", "b"} {
		if err := q.TryPut(v); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.TryPut("c"); err != asynccore.ErrQueueFull {
		t.Errorf("TryPut into a full queue: %v", err)
	}
	if q.Len() != 2 || q.Cap() != 2 {
		t.Errorf("Len %d, Cap %d, want 2, 2", q.Len(), q.Cap())
	}
	q.Close()
	q.Close()
	if err := q.TryPut("d"); err != asynccore.ErrClosed {
		t.Errorf("TryPut into a closed queue: %v", err)
	}
	for _, want := range []string{"a", "b"} {
		if got, err := q.TryGet(); got != want || err != nil {
			t.Errorf("TryGet = %q, %v, want %q", got, err, want)
		}
	}
	if _, err := q.TryGet(); err != asynccore.ErrClosed {
		t.Errorf("TryGet of a drained queue: %v", err)
	}
}

func TestQueueLeastCapacity(t *testing.T) {
	for _, capacity := range []int{-1, 0, 1} {
		if got := asynccore.NewQueue[int](capacity).Cap(); got != 1 {
			t.Errorf("NewQueue(%d) has a capacity of %d, want 1", capacity, got)
		}
	}
}

// A done context wins over an item or room that is there, and over a wait.
func TestQueueContext(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		stop := errors.New("stop")
		dead, cancel := context.WithCancelCause(t.Context())
		cancel(stop)
		q := asynccore.NewQueue[int](2)
		q.TryPut(1)
		if _, err := q.Get(dead); err != stop {
			t.Errorf("Get under a dead context: %v", err)
		}
		if err := q.Put(dead, 2); err != stop || q.Len() != 1 {
			t.Errorf("Put under a dead context: %v, Len %d", err, q.Len())
		}

		q.TryPut(2)
		start := time.Now()
		late := &asynccore.TimeoutError{Op: "put", After: time.Second}
		ctx, cancelLate := context.WithTimeoutCause(t.Context(), time.Second, late)
		defer cancelLate()
		if err := q.Put(ctx, 3); err != error(late) || time.Since(start) != time.Second {
			t.Errorf("Put into a full queue: %v after %v", err, time.Since(start))
		}
	})
}

func TestQueueAll(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		q := asynccore.NewQueue[int](1)
		var writer sync.WaitGroup
		writer.Go(func() {
			for i := range 5 {
				if err := q.Put(t.Context(), i); err != nil {
					t.Error(err)
				}
			}
			q.Close()
		})
		var got []int
		for v, err := range q.All(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, v); v == 1 {
				break // and another loop takes over
			}
		}
		for v := range q.All(t.Context()) {
			got = append(got, v)
		}
		if diff := cmp.Diff([]int{0, 1, 2, 3, 4}, got); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
		writer.Wait()

		stop := errors.New("stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(stop) })
		var errs []error
		for _, err := range asynccore.NewQueue[int](1).All(ctx) {
			errs = append(errs, err)
		}
		if len(errs) != 1 || errs[0] != stop {
			t.Errorf("errors %v, want the cause, once", errs)
		}
	})
}

// Under load each item that was accepted comes out once, those of a writer in
// their order, whether the queue is closed meanwhile or writers give up.
func TestQueueLoad(t *testing.T) {
	const writers, readers = 4, 3
	each := 3000
	if testing.Short() {
		each = 300
	}
	type item struct{ writer, n int }
	for _, closeAfter := range []time.Duration{time.Millisecond, time.Hour} {
		t.Run(fmt.Sprint("close after ", closeAfter), func(t *testing.T) {
			q := asynccore.NewQueue[item](4)
			accepted := make([][]int, writers)
			taken := make([][]item, readers)
			timer := time.AfterFunc(closeAfter, q.Close)
			defer timer.Stop()

			var writing, reading sync.WaitGroup
			for w := range writers {
				writing.Go(func() {
					for n := range each {
						ctx, cancel := context.WithCancel(t.Context())
						if n%3 == 0 {
							time.AfterFunc(time.Duration(n%50)*time.Microsecond, cancel)
						}
						if err := q.Put(ctx, item{w, n}); err == nil {
							accepted[w] = append(accepted[w], n)
						}
						cancel()
					}
				})
			}
			for r := range readers {
				reading.Go(func() {
					for v := range q.All(t.Context()) {
						if q.Len() > q.Cap() {
							t.Errorf("%d items in a queue for %d", q.Len(), q.Cap())
						}
						taken[r] = append(taken[r], v)
					}
				})
			}
			writing.Wait()
			q.Close()
			reading.Wait()

			for w := range writers {
				var got []int
				for _, items := range taken {
					before := -1
					for _, v := range items {
						if v.writer != w {
							continue
						}
						if v.n <= before {
							t.Errorf("writer %d: %d after %d", w, v.n, before)
						}
						before = v.n
						got = append(got, v.n)
					}
				}
				slices.Sort(got)
				if diff := cmp.Diff(accepted[w], got); diff != "" {
					t.Errorf("writer %d (-accepted +taken):\n%s", w, diff)
				}
			}
		})
	}
}

// Close comes at the very moment of Puts, again and again: none of them sends
// into what is closed, and what they say was accepted is there.
func TestQueueCloseRace(t *testing.T) {
	rounds := 20_000
	if testing.Short() {
		rounds = 2_000
	}
	for range rounds {
		q := asynccore.NewQueue[int](4)
		var accepted atomic.Int64
		var writing sync.WaitGroup
		for n := range 3 {
			writing.Go(func() {
				for q.Put(t.Context(), n) == nil {
					accepted.Add(1)
				}
			})
		}
		writing.Go(q.Close)
		var taken int64
		for range q.All(t.Context()) {
			taken++
		}
		writing.Wait()
		if taken != accepted.Load() {
			t.Fatalf("%d items accepted, %d taken", accepted.Load(), taken)
		}
	}
}

func BenchmarkQueue(b *testing.B) {
	for _, capacity := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("capacity=%d", capacity), func(b *testing.B) {
			b.ReportAllocs()
			q := asynccore.NewQueue[int](capacity)
			var reader sync.WaitGroup
			reader.Go(func() {
				for range q.All(context.Background()) {
				}
			})
			for b.Loop() {
				if err := q.Put(b.Context(), 1); err != nil {
					b.Fatal(err)
				}
			}
			q.Close()
			reader.Wait()
		})
	}
}
