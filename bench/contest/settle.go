package contest

import (
	"context"
	"errors"

	"github.com/sourcegraph/conc/iter"
	"golang.org/x/sync/errgroup"

	"github.com/specify-cli/specify/internal/asynccore"
)

// mapper returns fn of each entry of in, in order, ten at a time.
type mapper func(in []int, fn func(int) (int, error)) ([]int, error)

func settleCase(n int) Case {
	in := make([]int, n)
	for i := range in {
		in[i] = i
	}
	same := func(v int) (int, error) { return v, nil }
	way := func(m mapper) Way {
		return perItem(n, func() error {
			out, err := m(in, same)
			if err != nil {
				return err
			}
			if len(out) != n || out[0] != 0 || out[n-1] != n-1 {
				return errors.New("results are not those of the input")
			}
			return nil
		})
	}
	return Case{
		Name: "settle, in order",
		Unit: "ns",
		Ours: way(settleOurs),
		Rivals: []Rival{
			{"errgroup and a slice", way(settleErrgroup), 0.1},
			{"conc/iter Mapper", way(settleConc), 3},
		},
	}
}

func settleOurs(in []int, fn func(int) (int, error)) ([]int, error) {
	each := func(_ context.Context, v int) (int, error) { return fn(v) }
	return asynccore.Values(asynccore.SettleEach(context.Background(), workers, in, each))
}

func settleErrgroup(in []int, fn func(int) (int, error)) ([]int, error) {
	var g errgroup.Group
	g.SetLimit(workers)
	out := make([]int, len(in))
	for i, v := range in {
		g.Go(func() (err error) {
			out[i], err = fn(v)
			return err
		})
	}
	return out, g.Wait()
}

func settleConc(in []int, fn func(int) (int, error)) ([]int, error) {
	m := iter.Mapper[int, int]{MaxGoroutines: workers}
	return m.MapErr(in, func(v *int) (int, error) { return fn(*v) })
}
