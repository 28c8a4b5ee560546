package asynccore

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/bubble"
)

// anyStage picks a stage by b.
func anyStage(b byte) Stage[int, int] {
	n := int(b / 5)
	switch b % 5 {
	case 0:
		return MapStage(func(_ context.Context, v int) (int, error) {
			if v == n {
				return 0, errors.New("hit")
			}
			return v + n, nil
		})
	case 1:
		return FilterStage(func(v int) bool { return v%2 == n%2 })
	case 2:
		return Then(BatchStage[int](n+1), MapStage(sumOf))
	case 3:
		return Then(WindowStage[int](n%3+1, n%4+1), MapStage(sumOf))
	default:
		return ParStage(ParConfig{N: 2, Ordered: true}, func(_ context.Context, v int) (int, error) { return v * n, nil })
	}
}

func sumOf(_ context.Context, vs []int) (int, error) {
	return Reduce(FromSlice(vs), 0, func(a, v int) int { return a + v })
}

func FuzzThenIsAssociative(f *testing.F) {
	f.Add([]byte("words"), byte(0), byte(1), byte(2))
	f.Add([]byte{1, 2, 3, 4, 5, 6}, byte(3), byte(4), byte(12))
	f.Fuzz(func(t *testing.T, data []byte, x, y, z byte) {
		a, b, c := anyStage(x), anyStage(y), anyStage(z)
		in := replayStream(seenFrom(data))
		left := drainStream(Then(Then(a, b), c)(t.Context(), in))
		right := drainStream(Then(a, Then(b, c))(t.Context(), in))
		byHand := drainStream(c(t.Context(), b(t.Context(), a(t.Context(), in))))
		if diff := cmp.Diff(left, right); diff != "" {
			t.Errorf("(-left +right):\n%s", diff)
		}
		if diff := cmp.Diff(left, byHand); diff != "" {
			t.Errorf("(-Then +by hand):\n%s", diff)
		}
	})
}

func TestPipelineIsReusableByManyAtOnce(t *testing.T) {
	checkStreamLeaks(t)
	square := func(_ context.Context, v int) (int, error) { return v * v, nil }
	pipeline := Then(Then(Then(
		ParStage(ParConfig{N: 3, Ordered: true}, square),
		FilterStage(func(v int) bool { return v%2 == 0 })),
		WindowStage[int](2, 1)),
		MapStage(sumOf))
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for range 50 {
				// Even squares of 0 to 2g+4, summed pair by pair.
				var want []int
				for v := 0; v+2 <= 2*g+4; v += 2 {
					want = append(want, v*v+(v+2)*(v+2))
				}
				got, err := Run(t.Context(), pipeline, new(naturals).stream().Take(2*g+5))
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("got %v, %v, want %v", got, err, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestRunEndsWithItsContext(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		cause := errors.New("closing")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3500*time.Millisecond, cause)
		defer cancel()
		slow := MapStage(func(_ context.Context, v int) (int, error) { time.Sleep(time.Second); return v, nil })
		var src naturals
		got, err := Run(ctx, Then(slow, BatchStage[int](3)), src.stream())
		if diff := cmp.Diff([][]int{{0, 1, 2}, {3}}, got); diff != "" || err != cause || src.pulled != 4 || !src.stopped {
			t.Errorf("%v, %v, source %+v", got, err, src)
		}

		var unused naturals
		if got, err := Run(ctx, slow, unused.stream()); got != nil || err != cause || unused.pulled != 0 {
			t.Errorf("after the end: %v, %v, source %+v", got, err, unused)
		}
	})
}

func TestStagesGetTheContextOfTheRun(t *testing.T) {
	type key struct{}
	read := func(ctx context.Context, v int) (any, error) { return ctx.Value(key{}), nil }
	for name, stage := range map[string]Stage[int, any]{"MapStage": MapStage(read), "ParStage": ParStage(ParConfig{}, read)} {
		for _, want := range []string{"first run", "second run"} {
			got, err := Run(context.WithValue(t.Context(), key{}, want), stage, FromSlice([]int{1}))
			if err != nil || len(got) != 1 || got[0] != want {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		}
	}
}
