package asynccore

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/bubble"
)

func TestBufferHighWaterMark(t *testing.T) {
	for _, n := range []int{1, 2, 5} {
		bubble.Test(t, func(t *testing.T) {
			var src naturals
			got := 0
			for v := range src.stream().Buffer(n) {
				if v != got {
					t.Fatalf("item %d is %d", got, v)
				}
				got++
				synctest.Wait() // the source is as far ahead as it will get
				if ahead := src.pulled - got; ahead != n {
					t.Fatalf("Buffer(%d): %d ahead", n, ahead)
				}
				if got == 20 {
					break
				}
			}
			if !src.stopped {
				t.Error("source runs on behind the loop")
			}
		})
	}
}

func TestBufferOverlapsSourceAndConsumer(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		start := time.Now()
		err := pacedStream(second, second, second, second).Buffer(1).ForEach(func(int) error { time.Sleep(second); return nil })
		if took := time.Since(start); took != 5*second || err != nil {
			t.Errorf("4 x 1s beside 4 x 1s took %v, %v", took, err)
		}
	})
}

func TestBatchWithinTimes(t *testing.T) {
	for _, tc := range []struct {
		name string
		gaps []time.Duration
		n    int
		d    time.Duration
		want []arrival[[]int]
	}{
		{"full", []time.Duration{second, second, second, second}, 2, 10 * second, []arrival[[]int]{{2 * second, []int{0, 1}, ""}, {4 * second, []int{2, 3}, ""}}},
		{"time", []time.Duration{second, 2 * second, 4 * second}, 9, 3 * second, []arrival[[]int]{{4 * second, []int{0, 1}, ""}, {7 * second, []int{2}, ""}}},
		{"from the first item", []time.Duration{9 * second, 2 * second, 2 * second}, 9, 3 * second, []arrival[[]int]{{12 * second, []int{0, 1}, ""}, {13 * second, []int{2}, ""}}},
		{"error", []time.Duration{second, second, -second, second}, 9, 10 * second, []arrival[[]int]{{3 * second, []int{0, 1}, ""}, {3 * second, nil, "item 2"}, {4 * second, []int{3}, ""}}},
		{"nothing", nil, 3, second, nil},
		{"one by one", []time.Duration{second, second}, 1, 10 * second, []arrival[[]int]{{second, []int{0}, ""}, {2 * second, []int{1}, ""}}},
	} {
		bubble.Test(t, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, arrivals(BatchWithin(t.Context(), pacedStream(tc.gaps...), tc.n, tc.d))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.name, diff)
			}
		})
	}
}

func TestBatchWithinFlushesBeforeTheCause(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 2500*time.Millisecond, errors.New("closing"))
		defer cancel()
		got := arrivals(BatchWithin(ctx, pacedStream(second, second, second, second), 9, time.Hour))
		want := []arrival[[]int]{{2500 * time.Millisecond, []int{0, 1}, ""}, {2500 * time.Millisecond, nil, "closing"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestBatchWithinIsBounded(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		var src naturals
		for range BatchWithin(t.Context(), src.stream(), 3, time.Hour) {
			synctest.Wait()
			if src.pulled > 3+1 {
				t.Fatalf("source asked for %d items while the first batch was in use", src.pulled)
			}
			break
		}
	})
}

func TestMergeTimes(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		hundred := Map(pacedStream(1500*time.Millisecond, -second), func(v int) (int, error) { return v + 100, nil })
		got := arrivals(Merge(t.Context(), pacedStream(second, second, second), hundred, FromSlice[int](nil)))
		want := []arrival[int]{{second, 0, ""}, {1500 * time.Millisecond, 100, ""}, {2 * second, 1, ""}, {2500 * time.Millisecond, 0, "item 1"}, {3 * second, 2, ""}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestMergeKeepsEachStreamsOrder(t *testing.T) {
	checkStreamLeaks(t)
	const each = 2000
	var streams []Stream[[2]int]
	for i := range 5 {
		streams = append(streams, Map(new(naturals).stream().Take(each), func(v int) ([2]int, error) { return [2]int{i, v}, nil }))
	}
	next := make([]int, len(streams))
	for v := range Merge(t.Context(), streams...) {
		if v[1] != next[v[0]] {
			t.Fatalf("stream %d: item %d where %d was due", v[0], v[1], next[v[0]])
		}
		next[v[0]]++
	}
	if want := slices.Repeat([]int{each}, 5); !slices.Equal(next, want) {
		t.Errorf("items of each stream: %v", next)
	}
}

func TestMergeOfNothingEnds(t *testing.T) {
	if n, err := Merge[int](t.Context()).Count(); n != 0 || err != nil {
		t.Error(n, err)
	}
}

func TestMergeStopsAllAtOnesPanic(t *testing.T) {
	checkStreamLeaks(t)
	var endless naturals
	value := streamPanic(func() { drainStream(Merge(t.Context(), endless.stream(), panickingStream(3, "x"))) })
	if e, ok := value.(*PanicError); !ok || e.Value != "x" || !endless.stopped {
		t.Errorf("panic %v, the other stream stopped: %t", value, endless.stopped)
	}
}

func TestMergeCancelled(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		ticks := func(yield func(int, error) bool) {
			for time.Sleep(second); yield(1, nil); time.Sleep(second) {
			}
		}
		start := time.Now()
		n, err := Merge(ctx, ticks, ticks).Count()
		// The streams' steps of the third second are waited for.
		if n != 4 || err != context.DeadlineExceeded || time.Since(start) != 3*second {
			t.Errorf("%d items, %v, after %v", n, err, time.Since(start))
		}
	})
}
