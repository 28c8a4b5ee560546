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

// BenchmarkStream does map, filter, batch(100) on 100,000 ints, with an error
// beside every item. bench/contest has it beside the loop that one would write
// instead.
func BenchmarkStream(b *testing.B) {
	in := benchInput()
	b.ReportAllocs()
	for b.Loop() {
		if n, err := batchStream(in); n != 667 || err != nil {
			b.Fatal(n, err)
		}
	}
	reportPerItem(b, benchItems)
}

// batchStream is a function since nothing is inlined in a loop over b.Loop.
func batchStream(in []int) (batches int, err error) {
	doubled := Map(FromSlice(in), func(v int) (int, error) { return v * 2, nil })
	for batch, err := range Batch(doubled.Filter(func(v int) bool { return v%3 != 0 }), 100) {
		if err != nil {
			return batches, err
		}
		batches++
		sinkBatch = batch
	}
	return batches, nil
}

var sinkBatch []int // keeps the batches from being optimised to nothing

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
