package asynccore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// arrival is an item with the time at which the consumer got it.
type arrival[T any] struct {
	After time.Duration
	Item  T
	Err   string
}

// arrivals drains s and notes when each item came.
func arrivals[T any](s Stream[T]) []arrival[T] {
	start := time.Now()
	var all []arrival[T]
	for v, err := range s {
		a := arrival[T]{After: time.Since(start), Item: v}
		if err != nil {
			a.Err = err.Error()
		}
		all = append(all, a)
	}
	return all
}

// pacedStream yields 0, 1, 2 ... with gaps[i] before item i; a negative gap is one
// before an error item.
func pacedStream(gaps ...time.Duration) Stream[int] {
	return func(yield func(int, error) bool) {
		for i, gap := range gaps {
			time.Sleep(gap.Abs())
			var err error
			if gap < 0 {
				err = fmt.Errorf("item %d", i)
			}
			if !yield(i, err) {
				return
			}
		}
	}
}

// panickingStream panics with value behind n items.
func panickingStream(n int, value any) Stream[int] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
		panic(value)
	}
}

const second = time.Second

func TestBufferHighWaterMark(t *testing.T) {
	for _, n := range []int{1, 2, 5} {
		synctest.Test(t, func(t *testing.T) {
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
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := pacedStream(second, second, second, second).Buffer(1).ForEach(func(int) error { time.Sleep(second); return nil })
		if took := time.Since(start); took != 5*second || err != nil {
			t.Errorf("4 x 1s beside 4 x 1s took %v, %v", took, err)
		}
	})
}

// crossings are the operations that run their source on another goroutine, each
// in a form that changes neither items nor order.
func crossings(ctx context.Context) map[string]func(Stream[int]) Stream[int] {
	same := func(_ context.Context, v int) (int, error) { return v, nil }
	return map[string]func(Stream[int]) Stream[int]{
		"Buffer(1)": func(s Stream[int]) Stream[int] { return s.Buffer(1) },
		"Buffer(9)": func(s Stream[int]) Stream[int] { return s.Buffer(9) },
		"Merge":     func(s Stream[int]) Stream[int] { return Merge(ctx, s) },
		"BatchWithin": func(s Stream[int]) Stream[int] {
			return FlatMap(BatchWithin(ctx, s, 3, time.Hour), FromSlice[int])
		},
		"ParMap":          func(s Stream[int]) Stream[int] { return ParMap(ctx, s, ParConfig{N: 3, Ordered: true}, same) },
		"ParMap, chunks":  func(s Stream[int]) Stream[int] { return ParMap(ctx, s, ParConfig{N: 2, Ordered: true, Chunk: 4}, same) },
		"ParMap in a row": func(s Stream[int]) Stream[int] { return ParMap(ctx, s, ParConfig{Window: 1}, same) },
	}
}

func TestCrossingKeepsItemsOrderAndErrors(t *testing.T) {
	checkStreamLeaks(t)
	items := seenFrom([]byte("some words and, in \x05between\x0a, errors"))
	for name, op := range crossings(t.Context()) {
		for range 2 { // repeatable, as the source is
			if diff := cmp.Diff(items, drainStream(op(replayStream(items)))); diff != "" {
				t.Errorf("%s (-in +out):\n%s", name, diff)
			}
		}
	}
}

func TestCrossingStopsItsSourceAtEveryBreak(t *testing.T) {
	checkStreamLeaks(t)
	for name, op := range crossings(t.Context()) {
		for k := 1; k <= 12; k++ {
			var src naturals
			got := 0
			for range op(src.stream()) {
				if got++; got == k {
					break
				}
			}
			if !src.stopped { // read without a lock: the source has ended, or -race says so
				t.Errorf("%s: source runs on behind break %d", name, k)
			}
		}
	}
}

func TestCrossingRaisesTheSourcesPanicInPlace(t *testing.T) {
	checkStreamLeaks(t)
	for name, op := range crossings(t.Context()) {
		got := 0
		value := streamPanic(func() {
			for range op(panickingStream(7, io.ErrNoProgress)) {
				got++
			}
		})
		e, ok := value.(*PanicError)
		if !ok || e.Value != io.ErrNoProgress || !strings.Contains(string(e.Stack), "panickingStream") || got != 7 {
			t.Errorf("%s: panic %v behind %d items", name, value, got)
		}
		// Through a second crossing it is still the first one's.
		value = streamPanic(func() { drainStream(op(panickingStream(0, "x")).Buffer(1)) })
		if e, ok := value.(*PanicError); !ok || e.Value != "x" {
			t.Errorf("%s, twice: panic %v", name, value)
		}
	}
}

func TestCrossingRaisesAPanicBehindTheBreak(t *testing.T) {
	checkStreamLeaks(t)
	for name, op := range crossings(t.Context()) {
		cleanup := Stream[int](func(yield func(int, error) bool) {
			defer panic("in the source's clean-up")
			for yield(1, nil) {
			}
		})
		value := streamPanic(func() { op(cleanup).First() })
		if e, ok := value.(*PanicError); !ok || e.Value != "in the source's clean-up" {
			t.Errorf("%s: panic %v", name, value)
		}
		// The consumer's own panic goes first.
		value = streamPanic(func() {
			for range op(cleanup) {
				panic("in the loop")
			}
		})
		if value != "in the loop" {
			t.Errorf("%s: panic %v", name, value)
		}
	}
}

func TestCrossingTurnsGoexitIntoAnError(t *testing.T) {
	checkStreamLeaks(t)
	exits := Stream[int](func(yield func(int, error) bool) {
		if yield(1, nil) {
			runtime.Goexit()
		}
	})
	for name, op := range crossings(t.Context()) {
		want := []seenItem[int]{{1, ""}, {0, ErrGoexit.Error()}}
		if diff := cmp.Diff(want, drainStream(op(exits))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A cause may be any error, a *PanicError that a sibling ended with, too. It
// is not a panic of this stream.
func TestCrossingEndsWithTheCause(t *testing.T) {
	checkStreamLeaks(t)
	cause := &PanicError{Value: "a sibling's"}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	for name, op := range crossings(ctx) {
		if strings.HasPrefix(name, "Buffer") {
			continue // has no context
		}
		var src naturals
		v, err := op(src.stream()).Collect()
		if len(v) != 0 || err != error(cause) {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
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
		synctest.Test(t, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, arrivals(BatchWithin(t.Context(), pacedStream(tc.gaps...), tc.n, tc.d))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.name, diff)
			}
		})
	}
}

func TestBatchWithinFlushesBeforeTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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
	synctest.Test(t, func(t *testing.T) {
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
	synctest.Test(t, func(t *testing.T) {
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
	synctest.Test(t, func(t *testing.T) {
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
