package asynccore

import (
	"context"
	"fmt"
	"testing"
)

const benchItems = 100_000

func benchInput() []int {
	in := make([]int, benchItems)
	for i := range in {
		in[i] = i
	}
	return in
}

// reportPerItem adds the cost of one of n items an iteration.
func reportPerItem(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/item")
}

// BenchmarkStream does map, filter, batch(100) on 100,000 ints, as a stream
// with an error beside every item and as the loop that one would write instead.
func BenchmarkStream(b *testing.B) {
	in := benchInput()
	for _, way := range []struct {
		name string
		run  func([]int) (batches int, err error)
	}{{"loop", batchByLoop}, {"stream", batchByStream}} {
		b.Run("way="+way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if n, err := way.run(in); n != 667 || err != nil {
					b.Fatal(n, err)
				}
			}
			reportPerItem(b, benchItems)
		})
	}
}

// The two are functions since nothing is inlined in a loop over b.Loop.

func batchByStream(in []int) (n int, err error) {
	doubled := Map(FromSlice(in), func(v int) (int, error) { return v * 2, nil })
	for batch, err := range Batch(doubled.Filter(func(v int) bool { return v%3 != 0 }), 100) {
		if err != nil {
			return n, err
		}
		n++
		sinkBatch = batch
	}
	return n, nil
}

func batchByLoop(in []int) (n int, err error) {
	var batch []int
	for _, v := range in {
		v *= 2
		if v%3 == 0 {
			continue
		}
		if batch == nil {
			batch = make([]int, 0, 100)
		}
		if batch = append(batch, v); len(batch) == 100 {
			n++
			sinkBatch, batch = batch, nil
		}
	}
	if len(batch) > 0 {
		n++
		sinkBatch = batch
	}
	return n, nil
}

var sinkBatch []int // keeps both ways from being optimised to nothing

// BenchmarkParMap is the price of crossing goroutines with nothing to do there.
func BenchmarkParMap(b *testing.B) {
	in := benchInput()
	double := func(_ context.Context, v int) (int, error) { return v * 2, nil }
	for _, ordered := range []bool{true, false} {
		for _, chunk := range []int{1, 64} {
			b.Run(fmt.Sprintf("ordered=%t/chunk=%d", ordered, chunk), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c := ParConfig{N: 4, Ordered: ordered, Chunk: chunk}
					if n, err := ParMap(b.Context(), FromSlice(in), c, double).Count(); n != benchItems || err != nil {
						b.Fatal(n, err)
					}
				}
				reportPerItem(b, benchItems)
			})
		}
	}
}

func BenchmarkBuffer(b *testing.B) {
	in := benchInput()
	b.ReportAllocs()
	for b.Loop() {
		if n, err := FromSlice(in).Buffer(64).Count(); n != benchItems || err != nil {
			b.Fatal(n, err)
		}
	}
	reportPerItem(b, benchItems)
}
