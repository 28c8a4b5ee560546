package asynccore_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
)

// sleepSeconds waits for n seconds, or less if ctx ends.
func sleepSeconds(ctx context.Context, n int) (int, error) {
	select {
	case <-time.After(time.Duration(n) * time.Second):
		return n, nil
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

func TestAsCompletedOrder(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		results := asynccore.AsCompleted(t.Context(), 3, slices.Values([]int{3, 1, 2}), sleepSeconds)
		for round := range 2 { // the iterator can be used again
			start := time.Now()
			var got []string
			for i, r := range results {
				got = append(got, fmt.Sprintf("%d: %d, %v at %v", i, r.Value, r.Err, time.Since(start)))
			}
			want := []string{"1: 1, <nil> at 1s", "2: 2, <nil> at 2s", "0: 3, <nil> at 3s"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("round %d (-want +got):\n%s", round, diff)
			}
		}
	})
}

// At whichever result the loop is left, and however, it goes on only when the
// calls that are running, two at least, have ended: half a second later, which
// is what they take to notice. Nothing of seq runs then either.
func TestAsCompletedLeft(t *testing.T) {
	leave := map[string]func(){
		"break":  nil,
		"panic":  func() { panic("loop") },
		"goexit": runtime.Goexit,
	}
	for name, how := range leave {
		for at := range 8 {
			t.Run(fmt.Sprintf("%s at %d", name, at), func(t *testing.T) {
				bubble.Test(t, func(t *testing.T) {
					var running atomic.Int64
					seqOpen := false
					endless := func(yield func(int) bool) {
						seqOpen = true
						defer func() { seqOpen = false }()
						for i := 1; yield(i); i++ {
						}
					}
					call := func(ctx context.Context, i int) (int, error) {
						running.Add(1)
						defer running.Add(-1)
						n, err := sleepSeconds(ctx, i)
						if err != nil {
							time.Sleep(500 * time.Millisecond)
						}
						return n, err
					}
					var leftAt time.Time
					var loop sync.WaitGroup
					loop.Go(func() {
						defer func() { recover() }()
						taken := 0
						for range asynccore.AsCompleted(t.Context(), 3, endless, call) {
							if taken++; taken <= at {
								continue
							}
							leftAt = time.Now()
							if how == nil {
								break
							}
							how()
						}
					})
					loop.Wait()
					if n := running.Load(); n != 0 || seqOpen {
						t.Errorf("left with %d calls running, seq open: %v", n, seqOpen)
					}
					if took := time.Since(leftAt); took != 500*time.Millisecond {
						t.Errorf("left after %v, want 500ms", took)
					}
				})
			})
		}
	}
}

// A loop that does not take results holds back the calls and the reading.
func TestAsCompletedBackPressure(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		var read, called int
		seq := func(yield func(int) bool) {
			for {
				read++
				if !yield(1) {
					return
				}
			}
		}
		call := func(context.Context, int) (int, error) { called++; return 0, nil }
		for i := range asynccore.AsCompleted(t.Context(), 1, seq, call) {
			time.Sleep(time.Hour)
			synctest.Wait()
			// taken, one that waits to be taken, and one read ahead
			taken := i + 1
			if called != taken+1 || read != taken+2 {
				t.Errorf("after %d results: %d called, %d read", taken, called, read)
			}
			if taken == 3 {
				break
			}
		}
	})
}

// Results need not wait for the source, and a source may block if it obeys a
// context of the caller's.
func TestAsCompletedSlowSource(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		q := asynccore.NewQueue[int](2)
		q.TryPut(1)
		q.TryPut(2)
		fromQueue := func(yield func(int) bool) {
			for n, err := range q.All(ctx) {
				if err != nil || !yield(n) {
					return
				}
			}
		}
		start := time.Now()
		for i, r := range asynccore.AsCompleted(ctx, 2, fromQueue, sleepSeconds) {
			if took := time.Since(start); r.Err != nil || took != time.Duration(i+1)*time.Second {
				t.Errorf("entry %d: %v after %v", i, r.Err, took)
			}
			if i == 1 {
				cancel()
			}
		}
	})
}

func TestAsCompletedSourcePanics(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		seq := func(yield func(int) bool) {
			if yield(1) {
				panic("source")
			}
		}
		start := time.Now()
		seen := 0
		defer func() {
			p, ok := recover().(*asynccore.PanicError)
			if !ok || p.Value != "source" {
				t.Errorf("recovered %v, want the source's panic", p)
			}
			if took := time.Since(start); seen != 1 || took != time.Second {
				t.Errorf("%d results in %v, want 1 in 1s", seen, took)
			}
		}()
		for range asynccore.AsCompleted(t.Context(), 1, seq, sleepSeconds) {
			seen++
		}
		t.Error("the loop ended as if the source had")
	})
}

func TestAsCompletedSourceGoexit(t *testing.T) {
	seq := func(yield func(int) bool) { yield(0); runtime.Goexit() }
	var seen int
	passed := false
	var loop sync.WaitGroup
	loop.Go(func() {
		for range asynccore.AsCompleted(t.Context(), 1, seq, sleepSeconds) {
			seen++
		}
		passed = true
	})
	loop.Wait()
	if seen != 1 || passed {
		t.Errorf("%d results, loop passed: %v; want 1, false", seen, passed)
	}
}

func TestAsCompletedLimit(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		for _, limit := range []int{0, -1, 32, 1 << 62} {
			start := time.Now()
			for range asynccore.AsCompleted(t.Context(), limit, slices.Values(slices.Repeat([]int{1}, 33)), sleepSeconds) {
			}
			want := 2 * time.Second // 32 by default, then one
			if limit > 32 {
				want = time.Second
			}
			if took := time.Since(start); took != want {
				t.Errorf("limit %d: took %v, want %v", limit, took, want)
			}
		}
	})
}

// With a loop that takes results at once, entries run as in Settle, but only
// the first that could not start is reported.
func TestAsCompletedModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			plan, limit, cancel := drawPlan(t)
			want := newSchedule(plan, limit, cancel, false)
			unstarted := slices.Index(want.began, -1)
			if unstarted >= 0 {
				want.end = max(want.end, want.stop)
			}
			cause := errors.New("caller's cause")
			run := newPlanRun(len(plan))
			yielded := make([]bool, len(plan))
			for i, r := range asynccore.AsCompleted(cancelAfter(t, cancel, cause), limit, slices.Values(indexes(len(plan))), run.entry(plan)) {
				if yielded[i] {
					t.Errorf("entry %d again", i)
				}
				yielded[i] = true
				at := want.ended[i]
				if i == unstarted {
					at = want.stop
				}
				if now := time.Since(run.start); now != at {
					t.Errorf("entry %d at %v, want %v", i, now, at)
				}
				want.checkErr(t, plan, i, r.Err, cause)
				if r.Err == nil && r.Value != i+1 {
					t.Errorf("entry %d has the value %d", i, r.Value)
				}
			}
			want.compare(t, run)
			for i := range plan {
				if y := want.began[i] >= 0 || i == unstarted; y != yielded[i] {
					t.Errorf("entry %d yielded: %v, want %v", i, yielded[i], y)
				}
			}
		})
	})
}

func TestAsCompletedEndings(t *testing.T) {
	boom := errors.New("boom")
	fns := []func(context.Context) (int, error){
		func(context.Context) (int, error) { return 1, nil },
		func(context.Context) (int, error) { return 0, boom },
		func(context.Context) (int, error) { panic(boom) },
		func(context.Context) (int, error) { runtime.Goexit(); return 0, nil },
	}
	got := make([]error, len(fns))
	for i, r := range asynccore.AsCompleted(t.Context(), 1, slices.Values(fns), callFn) {
		got[i] = r.Err
	}
	if p, ok := errors.AsType[*asynccore.PanicError](got[2]); !ok || p.Value != boom {
		t.Errorf("panic became %v", got[2])
	}
	if got[0] != nil || got[1] != boom || got[3] != asynccore.ErrGoexit {
		t.Errorf("errors %v", got)
	}
}

func callFn(ctx context.Context, fn func(context.Context) (int, error)) (int, error) { return fn(ctx) }

func TestFirstToSucceed(t *testing.T) {
	boom, bang, stop := errors.New("boom"), errors.New("bang"), errors.New("stop")
	after := func(n int, err error) func(context.Context) (int, error) {
		return func(ctx context.Context) (int, error) {
			if _, cut := sleepSeconds(ctx, n); cut != nil {
				return 0, cut
			}
			return n, err
		}
	}
	type fns []func(context.Context) (int, error)
	tests := []struct {
		name string
		fns  fns
		stop time.Duration // when the caller cancels; 0 is never
		want int
		err  string
		took time.Duration
	}{
		{name: "fastest", fns: fns{after(3, nil), after(1, nil), after(2, nil)}, want: 1, took: time.Second},
		{name: "failures do not count", fns: fns{after(1, boom), after(3, nil), after(2, boom)}, want: 3, took: 3 * time.Second},
		{name: "losers are awaited", fns: fns{after(1, nil), func(ctx context.Context) (int, error) {
			<-ctx.Done()
			time.Sleep(time.Second)
			return 0, ctx.Err()
		}}, want: 1, took: 2 * time.Second},
		{name: "all fail", fns: fns{after(2, boom), after(1, bang)}, err: "[0] boom\n[1] bang", took: 2 * time.Second},
		{name: "caller cancels", fns: fns{after(9, nil), after(1, bang)}, stop: 2 * time.Second, err: "[0] stop\n[1] bang", took: 2 * time.Second},
		{name: "none", err: "first of no functions"},
		{name: "cause is added", fns: fns{func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, boom
		}}, stop: time.Second, err: "stop\n[0] boom", took: time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if tt.stop > 0 {
					time.AfterFunc(tt.stop, func() { cancel(stop) })
				}
				start := time.Now()
				got, err := asynccore.First(ctx, tt.fns...)
				if got != tt.want || errorText(err) != tt.err {
					t.Errorf("First = %d, %q, want %d, %q", got, errorText(err), tt.want, tt.err)
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
			})
		})
	}
}

func BenchmarkAsCompleted(b *testing.B) {
	const n = 10_000
	for _, limit := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("limit=%d", limit), func(b *testing.B) {
			b.ReportAllocs()
			var seq iter.Seq[int] = func(yield func(int) bool) {
				for i := 0; i < n && yield(i); i++ {
				}
			}
			for b.Loop() {
				for range asynccore.AsCompleted(b.Context(), limit, seq, func(_ context.Context, i int) (int, error) { return i, nil }) {
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/entry")
		})
	}
}
