package contest

import (
	"errors"

	"github.com/destel/rill"

	"github.com/specify-cli/specify/internal/asynccore"
)

const batchSize = 100

// batcher doubles the items of in, leaves out those that 3 divides, and hands
// the rest to take, a hundred at a time.
type batcher func(in []int, take func([]int)) error

// streamCase is the price of a stream against the loop that one would write
// instead.
func streamCase(n int) Case {
	in := make([]int, n)
	for i := range in {
		in[i] = i
	}
	kept := n - (n+2)/3
	want := (kept + batchSize - 1) / batchSize
	way := func(b batcher) Way {
		return perItem(n, func() error {
			got := 0
			err := b(in, func([]int) { got++ })
			if err == nil && got != want {
				err = errors.New("the number of batches is wrong")
			}
			return err
		})
	}
	return Case{
		Name: "stream: map, filter, batch of 100",
		Unit: "ns",
		Ours: way(batchStream),
		Rivals: []Rival{
			{"a loop by hand", way(batchLoop), 4},
			{"rill, n=1", way(batchRill), 0.1},
		},
	}
}

func batchStream(in []int, take func([]int)) error {
	doubled := asynccore.Map(asynccore.FromSlice(in), func(v int) (int, error) { return v * 2, nil })
	for batch, err := range asynccore.Batch(doubled.Filter(func(v int) bool { return v%3 != 0 }), batchSize) {
		if err != nil {
			return err
		}
		take(batch)
	}
	return nil
}

func batchLoop(in []int, take func([]int)) error {
	var batch []int
	for _, v := range in {
		v *= 2
		if v%3 == 0 {
			continue
		}
		if batch == nil {
			batch = make([]int, 0, batchSize)
		}
		if batch = append(batch, v); len(batch) == batchSize {
			take(batch)
			batch = nil
		}
	}
	if len(batch) > 0 {
		take(batch)
	}
	return nil
}

func batchRill(in []int, take func([]int)) error {
	doubled := rill.Map(rill.FromSlice(in, nil), 1, func(v int) (int, error) { return v * 2, nil })
	kept := rill.Filter(doubled, 1, func(v int) (bool, error) { return v%3 != 0, nil })
	return rill.ForEach(rill.Batch(kept, batchSize, -1), 1, func(batch []int) error {
		take(batch)
		return nil
	})
}
