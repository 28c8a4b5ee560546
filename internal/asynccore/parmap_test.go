package asynccore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/specify-cli/specify/internal/bubble"
)

// FuzzParMap compares with Map: the same items, in the same order if asked for.
func FuzzParMap(f *testing.F) {
	f.Add([]byte("items with \x05 errors"), 3, 7, 2, true)
	f.Add([]byte("more of them"), 0, 0, 0, false)
	f.Add([]byte{}, 1, 1, 1, true)
	f.Add([]byte("one chunk"), 2, 3, 1000, true)
	f.Fuzz(func(t *testing.T, data []byte, n, window, chunk int, ordered bool) {
		c := ParConfig{N: n % 20, Window: window % 100, Chunk: chunk % 100, Ordered: ordered}
		fn := func(v int) (int, error) {
			if v%3 == 0 {
				return 0, fmt.Errorf("no %d", v)
			}
			if v%7 == 0 {
				runtime.Gosched()
			}
			return v * 2, nil
		}
		src := replayStream(seenFrom(data))
		want := drainStream(Map(src, fn))
		got := drainStream(ParMap(t.Context(), src, c, func(_ context.Context, v int) (int, error) { return fn(v) }))
		if !ordered {
			byText := func(a, b seenItem[int]) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
			slices.SortFunc(want, byText)
			slices.SortFunc(got, byText)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%+v (-Map +ParMap):\n%s", c, diff)
		}
	})
}

// TestParMapBounds holds all calls back and looks how far the source and the
// calls get; then the same with a consumer who is slow.
func TestParMapBounds(t *testing.T) {
	for _, tc := range []struct {
		c              ParConfig
		running, taken int // most that there may be, and are
	}{
		{ParConfig{N: 4, Window: 10}, 4, 10},
		{ParConfig{N: 4, Window: 10, Ordered: true}, 4, 10},
		{ParConfig{N: 4, Window: 3, Ordered: true}, 3, 3},
		{ParConfig{N: 4}, 4, 8},
		{ParConfig{N: 1, Window: 1}, 1, 1},
		{ParConfig{N: 2, Window: 12, Chunk: 3, Ordered: true}, 2, 12},
		{ParConfig{N: 2, Window: 10, Chunk: 4}, 2, 8}, // whole chunks only
		{ParConfig{N: 9, Window: 6, Chunk: 50, Ordered: true}, 1, 6},
		{ParConfig{N: 3, Chunk: 2}, 3, 12},
	} {
		bubble.Test(t, func(t *testing.T) {
			var running, most atomic.Int64
			var src naturals
			hold := make(chan struct{})
			go func() {
				synctest.Wait()
				if r := int(running.Load()); r != tc.running || src.pulled != tc.taken {
					t.Errorf("%+v: %d calls running, %d items taken, want %d, %d", tc.c, r, src.pulled, tc.running, tc.taken)
				}
				close(hold)
			}()
			got := 0
			for range ParMap(t.Context(), src.stream(), tc.c, func(_ context.Context, v int) (int, error) {
				most.Store(max(most.Load(), running.Add(1)))
				<-hold
				running.Add(-1)
				return v, nil
			}) {
				synctest.Wait() // nothing moves but through this loop
				if between := src.pulled - got; between > tc.taken {
					t.Fatalf("%+v: %d items between source and consumer", tc.c, between)
				}
				if got++; got == 40 {
					break
				}
			}
			if m := int(most.Load()); m != tc.running {
				t.Errorf("%+v: %d calls at once, want %d", tc.c, m, tc.running)
			}
		})
	}
}

func TestParMapTimes(t *testing.T) {
	// Call i takes takes[i] seconds.
	takes := []int{5, 1, 1, 1, 2}
	sleep := func(_ context.Context, i int) (int, error) {
		time.Sleep(time.Duration(takes[i]) * time.Second)
		return i, nil
	}
	for _, tc := range []struct {
		name string
		c    ParConfig
		want []arrival[int]
	}{
		{"ordered", ParConfig{N: 2, Window: 5, Ordered: true},
			[]arrival[int]{{5 * second, 0, ""}, {5 * second, 1, ""}, {5 * second, 2, ""}, {5 * second, 3, ""}, {5 * second, 4, ""}}},
		{"ordered, the head holds the window back", ParConfig{N: 2, Window: 3, Ordered: true},
			[]arrival[int]{{5 * second, 0, ""}, {5 * second, 1, ""}, {5 * second, 2, ""}, {6 * second, 3, ""}, {7 * second, 4, ""}}},
		{"as they end", ParConfig{N: 2, Window: 5},
			[]arrival[int]{{1 * second, 1, ""}, {2 * second, 2, ""}, {3 * second, 3, ""}, {5 * second, 0, ""}, {5 * second, 4, ""}}},
		{"one", ParConfig{N: 1},
			[]arrival[int]{{5 * second, 0, ""}, {6 * second, 1, ""}, {7 * second, 2, ""}, {8 * second, 3, ""}, {10 * second, 4, ""}}},
	} {
		bubble.Test(t, func(t *testing.T) {
			got := arrivals(ParMap(t.Context(), new(naturals).stream().Take(len(takes)), tc.c, sleep))
			if !tc.c.Ordered { // 0 and 4 end together
				slices.SortStableFunc(got, func(a, b arrival[int]) int {
					if a.After == b.After {
						return a.Item - b.Item
					}
					return int(a.After - b.After)
				})
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.name, diff)
			}
		})
	}
}

// A result comes when it is there, though the source has nothing new.
func TestParMapDoesNotWaitForTheSource(t *testing.T) {
	for _, ordered := range []bool{true, false} {
		bubble.Test(t, func(t *testing.T) {
			c := ParConfig{N: 4, Ordered: ordered}
			got := arrivals(ParMap(t.Context(), pacedStream(second, time.Hour), c, func(_ context.Context, v int) (int, error) {
				time.Sleep(time.Minute)
				return v, nil
			}))
			want := []arrival[int]{{time.Minute + second, 0, ""}, {time.Hour + time.Minute + second, 1, ""}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("ordered=%t (-want +got):\n%s", ordered, diff)
			}
		})
	}
}

func TestParMapBreakCancelsAndWaits(t *testing.T) {
	for _, ordered := range []bool{true, false} {
		for k := 1; k <= 12; k++ {
			bubble.Test(t, func(t *testing.T) {
				var src naturals
				var running atomic.Int64
				start := time.Now()
				got := 0
				for range ParMap(t.Context(), src.stream(), ParConfig{N: 4, Ordered: ordered, Chunk: 1 + k%3}, func(ctx context.Context, v int) (int, error) {
					running.Add(1)
					defer running.Add(-1)
					if v < 8*k {
						return v, nil
					}
					<-ctx.Done()
					time.Sleep(time.Second) // the way down
					return 0, ctx.Err()
				}) {
					if got++; got == k {
						synctest.Wait() // until all four calls hang or the window is full
						start = time.Now()
						break
					}
				}
				if n := running.Load(); n != 0 || !src.stopped {
					t.Errorf("break %d: %d calls running, source stopped %t", k, n, src.stopped)
				}
				if took := time.Since(start); took > time.Second {
					t.Errorf("break %d took %v", k, took)
				}
			})
		}
	}
}

func TestParMapCancelled(t *testing.T) {
	for _, ordered := range []bool{true, false} {
		bubble.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), 2500*time.Millisecond, errors.New("closing"))
			defer cancel()
			var src naturals
			var begun atomic.Int64
			got := drainStream(ParMap(ctx, src.stream(), ParConfig{N: 2, Window: 5, Ordered: ordered}, func(ctx context.Context, v int) (int, error) {
				begun.Add(1)
				select {
				case <-time.After(time.Second):
					return v, nil
				case <-ctx.Done():
					return 0, fmt.Errorf("call %d: %w", v, context.Cause(ctx))
				}
			}))
			// 0 to 3 are done at 2 s, 4 and 5 running at 2.5 s, 6 to 8 taken.
			want := []seenItem[int]{{0, ""}, {1, ""}, {2, ""}, {3, ""}, {0, "call 4: closing"}, {0, "call 5: closing"},
				{0, "closing"}, {0, "closing"}, {0, "closing"}, {0, "closing"}}
			last := got[len(got)-1]
			if !ordered {
				byText := func(a, b seenItem[int]) int { return strings.Compare(fmt.Sprint(a.Err, a), fmt.Sprint(b.Err, b)) }
				slices.SortFunc(got, byText)
				slices.SortFunc(want, byText)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("ordered=%t (-want +got):\n%s", ordered, diff)
			}
			if begun.Load() != 6 || src.pulled != 9 || last.Err != "closing" {
				t.Errorf("ordered=%t: %d calls begun, %d items taken, last %v", ordered, begun.Load(), src.pulled, last)
			}
		})
	}
}

// A context that ends behind the last item changes nothing.
func TestParMapCancelledTooLate(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range ParMap(ctx, new(naturals).stream().Take(3), ParConfig{N: 1, Window: 9}, func(_ context.Context, v int) (int, error) { return v, nil }) {
		if n++; n == 3 {
			cancel()
		}
		if err != nil {
			t.Error(err)
		}
	}
	if n != 3 {
		t.Errorf("%d items", n)
	}
}

func TestParMapRaisesAWorkersPanic(t *testing.T) {
	checkStreamLeaks(t)
	for _, c := range []ParConfig{{N: 3, Ordered: true}, {N: 3, Ordered: true, Chunk: 4}, {N: 1}, {N: 3, Chunk: 64}} {
		var src naturals
		got := 0
		value := streamPanic(func() {
			for v := range ParMap(t.Context(), src.stream(), c, panicsAtTen) {
				if c.Ordered && v != got {
					t.Errorf("%+v: item %d is %d", c, got, v)
				}
				got++
			}
		})
		e, ok := value.(*PanicError)
		if !ok || !errors.Is(e, io.ErrClosedPipe) || !strings.Contains(string(e.Stack), "panicsAtTen") {
			t.Errorf("%+v: panic %v", c, value)
		}
		if c.Ordered && got != 10 || !src.stopped {
			t.Errorf("%+v: panic behind %d items, source stopped %t", c, got, src.stopped)
		}
	}
}

func panicsAtTen(_ context.Context, v int) (int, error) {
	if v == 10 {
		panic(io.ErrClosedPipe)
	}
	return v, nil
}

func TestParMapRaisesAPanicBehindTheBreak(t *testing.T) {
	checkStreamLeaks(t)
	began := make(chan struct{})
	op := ParMap(t.Context(), new(naturals).stream(), ParConfig{N: 2, Ordered: true}, func(ctx context.Context, v int) (int, error) {
		if v == 1 {
			close(began)
			<-ctx.Done()
			panic("on the way down")
		}
		return v, nil
	})
	value := streamPanic(func() {
		for range op {
			<-began
			break
		}
	})
	if e, ok := value.(*PanicError); !ok || e.Value != "on the way down" {
		t.Errorf("panic %v", value)
	}
}

func TestParMapGoexitIsAnErrorItem(t *testing.T) {
	checkStreamLeaks(t)
	for _, c := range []ParConfig{{N: 1, Ordered: true}, {N: 3, Ordered: true, Chunk: 5}} {
		var want []seenItem[int]
		for i := range 20 {
			if i%4 == 3 {
				want = append(want, seenItem[int]{0, ErrGoexit.Error()})
				continue
			}
			want = append(want, seenItem[int]{i, ""})
		}
		got := drainStream(ParMap(t.Context(), new(naturals).stream().Take(20), c, func(_ context.Context, v int) (int, error) {
			if v%4 == 3 {
				runtime.Goexit()
			}
			return v, nil
		}))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c, diff)
		}
	}
}

// A result that happens to be a *PanicError, of a task that fn has waited for,
// is an error as any other.
func TestParMapPassesAPanicErrorThatIsAResult(t *testing.T) {
	result := &PanicError{Value: "a task's"}
	_, err := ParMap(t.Context(), FromSlice([]int{1}), ParConfig{}, func(context.Context, int) (int, error) { return 0, result }).Collect()
	if err != error(result) {
		t.Errorf("got %v", err)
	}
}

// TestParMapNestedAndShared iterates one stream from many goroutines at once,
// each with calls that iterate another.
func TestParMapNestedAndShared(t *testing.T) {
	checkStreamLeaks(t)
	add := func(_ context.Context, v int) (int, error) { return v + 1, nil }
	inner := func(ctx context.Context, v int) (int, error) {
		got, err := ParMap(ctx, FromSlice([]int{v, v, v}), ParConfig{N: 2}, add).Collect()
		return len(got) * got[0], err
	}
	in := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	shared := ParMap(t.Context(), FromSlice(in), ParConfig{N: 3, Ordered: true, Chunk: 2}, inner)
	want := []int{3, 6, 9, 12, 15, 18, 21, 24, 27, 30}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if got, err := shared.Collect(); err != nil || !slices.Equal(got, want) {
					t.Errorf("got %v, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}
