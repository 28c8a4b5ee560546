package asynccore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/specify-cli/specify/internal/bubble"
)

// checkStreamLeaks fails t if goroutines that were not there now are left at its end.
func checkStreamLeaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

// seenItem is an item as a test compares it: the value, or the error's text.
type seenItem[T any] struct {
	Value T
	Err   string
}

// drainStream returns every item of s, errors included.
func drainStream[T any](s Stream[T]) []seenItem[T] {
	var all []seenItem[T]
	for v, err := range s {
		if err != nil {
			var zero T
			all = append(all, seenItem[T]{zero, err.Error()})
			continue
		}
		all = append(all, seenItem[T]{v, ""})
	}
	return all
}

// replayStream yields items, the reverse of drainStream.
func replayStream[T any](items []seenItem[T]) Stream[T] {
	return func(yield func(T, error) bool) {
		for _, it := range items {
			var err error
			if it.Err != "" {
				err = errors.New(it.Err)
			}
			if !yield(it.Value, err) {
				return
			}
		}
	}
}

// seenFrom makes an item of each byte; every fifth value is an error.
func seenFrom(data []byte) []seenItem[int] {
	var items []seenItem[int]
	for i, b := range data {
		if b%5 == 0 {
			items = append(items, seenItem[int]{0, fmt.Sprintf("item %d", i)})
			continue
		}
		items = append(items, seenItem[int]{int(b), ""})
	}
	return items
}

// naturals is 0, 1, 2 and so on without end. It counts what it was asked for
// and notes in stopped that the consumer has left.
type naturals struct {
	pulled  int
	stopped bool
}

func (n *naturals) stream() Stream[int] {
	return func(yield func(int, error) bool) {
		defer func() { n.stopped = true }()
		for i := 0; ; i++ {
			n.pulled++
			if !yield(i, nil) {
				return
			}
		}
	}
}

func streamPanic(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

func doubleInt(v int) (int, error) { return 2 * v, nil }

// FuzzStreamReference puts a chain of operations, chosen by the input, on a
// stream and compares with the same on a slice.
func FuzzStreamReference(f *testing.F) {
	f.Add([]byte{1, 2, 3, 5, 7, 9, 10, 11}, []byte{0, 1, 2, 3, 4})
	f.Add([]byte{}, []byte{3, 3})
	f.Add([]byte{5, 5, 5}, []byte{4, 0})
	f.Fuzz(func(t *testing.T, data, ops []byte) {
		want := seenFrom(data)
		got := replayStream(want)
		for _, op := range ops[:min(len(ops), 8)] {
			arg := int(op) / 5
			switch op % 5 {
			case 0:
				got = Map(got, func(v int) (int, error) {
					if v%7 == 0 {
						return v, errors.New("seven")
					}
					return v + arg, nil
				})
				want = slices.Clone(want)
				for i, it := range want {
					switch {
					case it.Err != "":
					case it.Value%7 == 0:
						want[i] = seenItem[int]{0, "seven"}
					default:
						want[i].Value += arg
					}
				}
			case 1:
				got = got.Filter(func(v int) bool { return v%3 != arg%3 })
				want = slices.DeleteFunc(slices.Clone(want), func(it seenItem[int]) bool {
					return it.Err == "" && it.Value%3 == arg%3
				})
			case 2:
				got = FlatMap(got, func(v int) Stream[int] { return FromSlice([]int{v, arg}[:v%3%2+1]) })
				var flat []seenItem[int]
				for _, it := range want {
					flat = append(flat, it)
					if it.Err == "" && it.Value%3%2+1 == 2 {
						flat = append(flat, seenItem[int]{arg, ""})
					}
				}
				want = flat
			case 3:
				got = got.Take(arg)
				want = want[:min(arg, len(want))]
			case 4:
				got = got.OnError(func(err error) error {
					if len(err.Error())%2 == arg%2 {
						return nil
					}
					return errors.New("wrapped " + err.Error())
				})
				var kept []seenItem[int]
				for _, it := range want {
					if it.Err != "" && len(it.Err)%2 == arg%2 {
						continue
					}
					if it.Err != "" {
						it.Err = "wrapped " + it.Err
					}
					kept = append(kept, it)
				}
				want = kept
			}
		}
		for range 2 { // the source can be repeated, so the stream can
			if diff := cmp.Diff(slices.Clip(want), drainStream(got), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("ops %v (-slice +stream):\n%s", ops, diff)
			}
		}
	})
}

func FuzzBatchWindowLaws(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7}, 3, 2)
	f.Add([]byte{1, 5, 3}, 1, 5)
	f.Add([]byte{9}, math.MaxInt, math.MaxInt)
	f.Fuzz(func(t *testing.T, data []byte, n, step int) {
		n, step = max(n, 1), max(step, 1)
		items := seenFrom(data)
		src := replayStream(items)

		batches := Batch(src, n)
		flat := drainStream(FlatMap(batches, FromSlice[int]))
		if diff := cmp.Diff(items, flat, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("Batch(%d), flattened (-in +out):\n%s", n, diff)
		}
		for i, b := range drainStream(batches) {
			if b.Err == "" && (len(b.Value) < 1 || len(b.Value) > n) {
				t.Fatalf("batch %d of %d has %d items", i, n, len(b.Value))
			}
		}

		values, _ := src.OnError(func(error) error { return nil }).Collect()
		var want [][]int
		for at := 0; at <= len(values)-n; at += step {
			want = append(want, values[at:at+n])
			if step > len(values) { // at += step could overflow
				break
			}
		}
		windows, _ := Window(src.OnError(func(error) error { return nil }), n, step).Collect()
		if diff := cmp.Diff(want, windows, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("Window(%d, %d) (-want +got):\n%s", n, step, diff)
		}
		if len(values) >= n && len(windows) != (len(values)-n)/step+1 {
			t.Fatalf("Window(%d, %d) of %d values: %d windows", n, step, len(values), len(windows))
		}
		errs := 0
		for _, err := range Window(src, n, step) {
			if err != nil {
				errs++
			}
		}
		if want := len(items) - len(values); errs != want {
			t.Fatalf("Window passed %d errors of %d", errs, want)
		}
	})
}

func TestBatchKeepsErrorsInPlace(t *testing.T) {
	in := []seenItem[int]{{1, ""}, {2, ""}, {3, ""}, {0, "bad"}, {0, "worse"}, {4, ""}}
	want := []seenItem[[]int]{{[]int{1, 2}, ""}, {[]int{3}, ""}, {nil, "bad"}, {nil, "worse"}, {[]int{4}, ""}}
	if diff := cmp.Diff(want, drainStream(Batch(replayStream(in), 2))); diff != "" {
		t.Errorf("Batch (-want +got):\n%s", diff)
	}
}

func TestBatchesAndWindowsAreTheConsumers(t *testing.T) {
	for name, s := range map[string]Stream[[]int]{
		"batch":  Batch(FromSlice([]int{1, 2, 3, 4, 5, 6}), 2),
		"window": Window(FromSlice([]int{1, 2, 3, 4, 5, 6}), 2, 2),
	} {
		all, _ := s.Collect()
		all[0] = append(all[0], 99)
		all[0][1] = 98
		if diff := cmp.Diff([][]int{{1, 98, 99}, {3, 4}, {5, 6}}, all); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestNonsenseSizesPanicAtOnce(t *testing.T) {
	s := FromSlice([]int{1})
	for name, f := range map[string]func(){
		"Batch":             func() { Batch(s, 0) },
		"Window size":       func() { Window(s, 0, 1) },
		"Window step":       func() { Window(s, 1, -1) },
		"Buffer":            func() { s.Buffer(0) },
		"BatchWithin":       func() { BatchWithin(t.Context(), s, 0, time.Second) },
		"BatchStage":        func() { BatchStage[int](0) },
		"WindowStage size":  func() { WindowStage[int](0, 1) },
		"WindowStage step":  func() { WindowStage[int](1, 0) },
		"Batch, first call": func() { Batch(Stream[int](nil), -1) },
	} {
		if streamPanic(f) == nil {
			t.Errorf("%s: no panic", name)
		}
	}
}

func TestStreamIsLazyAndOneInFlight(t *testing.T) {
	var log []string
	note := func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }
	src := FromSeq(func(yield func(int) bool) {
		for i := range 3 {
			note("pull %d", i)
			if !yield(i) {
				return
			}
		}
	})
	s := Map(src, func(v int) (int, error) { note("map %d", v); return v, nil }).
		Filter(func(v int) bool { note("keep %d", v); return v != 1 })
	if len(log) != 0 {
		t.Fatalf("ran before a terminal: %v", log)
	}
	for v := range s {
		note("use %d", v)
	}
	want := []string{"pull 0", "map 0", "keep 0", "use 0", "pull 1", "map 1", "keep 1", "pull 2", "map 2", "keep 2", "use 2"}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

// TestBreakAtEveryIndex leaves each operation's loop after k items of an
// infinite source and counts what the source was asked for.
func TestBreakAtEveryIndex(t *testing.T) {
	even := func(v int) bool { return v%2 == 0 }
	pairs := func(v int) Stream[int] { return FromSlice([]int{v, v}) }
	first := func(b []int) (int, error) { return b[0], nil }
	for _, tc := range []struct {
		name   string
		op     func(Stream[int]) Stream[int]
		pulled func(k int) int // to give k items, k > 0
	}{
		{"Map", func(s Stream[int]) Stream[int] { return Map(s, doubleInt) }, func(k int) int { return k }},
		{"Filter", func(s Stream[int]) Stream[int] { return s.Filter(even) }, func(k int) int { return 2*k - 1 }},
		{"FlatMap", func(s Stream[int]) Stream[int] { return FlatMap(s, pairs) }, func(k int) int { return (k + 1) / 2 }},
		{"Batch", func(s Stream[int]) Stream[int] { return Map(Batch(s, 3), first) }, func(k int) int { return 3 * k }},
		{"Window", func(s Stream[int]) Stream[int] { return Map(Window(s, 3, 2), first) }, func(k int) int { return 3 + 2*(k-1) }},
		{"Window with gaps", func(s Stream[int]) Stream[int] { return Map(Window(s, 2, 5), first) }, func(k int) int { return 2 + 5*(k-1) }},
		{"OnError", func(s Stream[int]) Stream[int] { return s.OnError(func(err error) error { return err }) }, func(k int) int { return k }},
		{"until", func(s Stream[int]) Stream[int] { return s.until(context.Background()) }, func(k int) int { return k }},
	} {
		for k := 1; k <= 7; k++ {
			var byLoop, byTake naturals
			got := 0
			for range tc.op(byLoop.stream()) {
				if got++; got == k {
					break
				}
			}
			if n, err := tc.op(byTake.stream()).Take(k).Count(); n != k || err != nil {
				t.Errorf("%s: Take(%d) gave %d, %v", tc.name, k, n, err)
			}
			want := naturals{pulled: tc.pulled(k), stopped: true}
			if byLoop != want || byTake != want {
				t.Errorf("%s after %d: loop %+v, Take %+v, want %+v", tc.name, k, byLoop, byTake, want)
			}
		}
	}
	var none naturals
	if n, err := none.stream().Take(0).Count(); n != 0 || err != nil || none.pulled != 0 {
		t.Errorf("Take(0): %d items, %v, source asked %d times", n, err, none.pulled)
	}
}

func TestStreamPanicReachesTheConsumerUnchanged(t *testing.T) {
	value := &struct{ n int }{1}
	boom := func(v int) (int, error) { panic(value) }
	src := &naturals{}
	got := streamPanic(func() {
		for range Batch(Map(src.stream(), boom).Filter(func(int) bool { return true }), 2) {
		}
	})
	if got != any(value) || !src.stopped {
		t.Errorf("panic value %v, source stopped %t", got, src.stopped)
	}
	inLoop := &naturals{}
	got = streamPanic(func() {
		for range Map(inLoop.stream(), doubleInt) {
			panic(value)
		}
	})
	if got != any(value) || !inLoop.stopped {
		t.Errorf("in the loop: panic value %v, source stopped %t", got, inLoop.stopped)
	}
}

func TestTerminalsStopAtTheFirstError(t *testing.T) {
	bad := errors.New("bad")
	var pulled int
	src := Stream[int](func(yield func(int, error) bool) {
		for i, err := range []error{nil, nil, bad, nil} {
			pulled = i + 1
			if !yield(i+1, err) {
				return
			}
		}
	})
	var each []int
	for _, tc := range []struct {
		name      string
		run       func(s Stream[int]) (any, error)
		ok        any // of the whole stream, error dropped
		partial   any
		untilStop int
	}{
		{"Collect", func(s Stream[int]) (any, error) { return s.Collect() }, []int{1, 2, 4}, []int{1, 2}, 3},
		{"Count", func(s Stream[int]) (any, error) { return s.Count() }, 3, 2, 3},
		{"Reduce", func(s Stream[int]) (any, error) {
			return Reduce(s, "", func(acc string, v int) string { return acc + fmt.Sprint(v) })
		}, "124", "12", 3},
		{"ForEach", func(s Stream[int]) (any, error) {
			each = nil
			err := s.ForEach(func(v int) error { each = append(each, v); return nil })
			return each, err
		}, []int{1, 2, 4}, []int{1, 2}, 3},
	} {
		got, err := tc.run(src)
		if err != bad || !cmp.Equal(got, tc.partial) || pulled != tc.untilStop {
			t.Errorf("%s: %v, %v after %d items, want %v", tc.name, got, err, pulled, tc.partial)
		}
		got, err = tc.run(src.OnError(func(error) error { return nil }))
		if err != nil || !cmp.Equal(got, tc.ok) {
			t.Errorf("%s with OnError: %v, %v, want %v", tc.name, got, err, tc.ok)
		}
	}
	if err := src.ForEach(func(v int) error { return io.ErrNoProgress }); err != io.ErrNoProgress || pulled != 1 {
		t.Errorf("ForEach with a failing function: %v after %d items", err, pulled)
	}
}

func TestFirst(t *testing.T) {
	bad := errors.New("bad")
	for _, tc := range []struct {
		name string
		s    Stream[int]
		v    int
		ok   bool
		err  error
	}{
		{"some", FromSlice([]int{7, 8}), 7, true, nil},
		{"none", FromSlice[int](nil), 0, false, nil},
		{"error", Map(FromSlice([]int{7}), func(int) (int, error) { return 0, bad }), 0, false, bad},
		{"infinite", new(naturals).stream(), 0, true, nil},
	} {
		if v, ok, err := tc.s.First(); v != tc.v || ok != tc.ok || err != tc.err {
			t.Errorf("%s: %d, %t, %v", tc.name, v, ok, err)
		}
	}
}

func TestFromSeq2TakesAnIteratorAsItIs(t *testing.T) {
	var seq iter.Seq2[int, error] = func(yield func(int, error) bool) { _ = yield(1, nil) && yield(0, io.EOF) }
	if diff := cmp.Diff([]seenItem[int]{{1, ""}, {0, "EOF"}}, drainStream(FromSeq2(seq))); diff != "" {
		t.Error(diff)
	}
}

func TestFromChan(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("enough")
		ch := make(chan int)
		go func() {
			for i := range 3 {
				time.Sleep(time.Second)
				ch <- i
			}
			time.Sleep(time.Second)
			cancel(cause)
		}()
		start := time.Now()
		got, err := FromChan(ctx, ch).Collect()
		if !slices.Equal(got, []int{0, 1, 2}) || err != cause || time.Since(start) != 4*time.Second {
			t.Errorf("got %v, %v after %v", got, err, time.Since(start))
		}

		full := make(chan int, 2)
		full <- 1
		full <- 2
		close(full)
		if got, err := FromChan(ctx, full).Collect(); got != nil || err != cause {
			t.Errorf("cancelled before: %v, %v", got, err)
		}
		if got, err := FromChan(t.Context(), full).Collect(); !slices.Equal(got, []int{1, 2}) || err != nil {
			t.Errorf("closed: %v, %v", got, err)
		}
	})
}
