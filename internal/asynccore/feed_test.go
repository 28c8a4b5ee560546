package asynccore

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
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
