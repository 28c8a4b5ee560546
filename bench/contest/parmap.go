package contest

import (
	"context"
	"errors"

	"github.com/destel/rill"
	"github.com/sourcegraph/conc/stream"

	"github.com/specify-cli/specify/internal/asynccore"
)

// parMapCases are the price of crossing goroutines and coming back in order,
// with nothing to do there.
func parMapCases(n int) []Case {
	in := make([]int, n)
	for i := range in {
		in[i] = i
	}
	way := func(run func([]int) (last int, err error)) Way {
		return perItem(n, func() error {
			last, err := run(in)
			if err == nil && last != 2*(n-1) {
				err = errors.New("results are not in order")
			}
			return err
		})
	}
	one := way(func(in []int) (int, error) { return parMapOurs(in, 1) })
	chunk := way(func(in []int) (int, error) { return parMapOurs(in, 64) })
	rill, conc := way(parMapRill), way(parMapConc)
	return []Case{
		{
			Name:   "ParMap in order, 4 at once",
			Unit:   "ns",
			Ours:   one,
			Rivals: []Rival{{"rill OrderedMap", rill, 0.8}, {"conc/stream", conc, 0}},
		},
		{
			Name:   "ParMap in order, chunks of 64",
			Unit:   "ns",
			Ours:   chunk,
			Rivals: []Rival{{"rill OrderedMap", rill, 0.15}, {"conc/stream", conc, 0}},
		},
	}
}

func parMapOurs(in []int, chunk int) (last int, err error) {
	double := func(_ context.Context, v int) (int, error) { return v * 2, nil }
	cfg := asynccore.ParConfig{N: 4, Ordered: true, Chunk: chunk}
	return asynccore.Reduce(asynccore.ParMap(context.Background(), asynccore.FromSlice(in), cfg, double),
		0, func(_, v int) int { return v })
}

func parMapRill(in []int) (last int, err error) {
	doubled := rill.OrderedMap(rill.FromSlice(in, nil), 4, func(v int) (int, error) { return v * 2, nil })
	err = rill.ForEach(doubled, 1, func(v int) error {
		last = v
		return nil
	})
	return last, err
}

func parMapConc(in []int) (last int, err error) {
	s := stream.New().WithMaxGoroutines(4)
	for _, v := range in {
		s.Go(func() stream.Callback {
			doubled := v * 2
			return func() { last = doubled }
		})
	}
	s.Wait()
	return last, nil
}
