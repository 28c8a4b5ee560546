// Partitions tells how much of a list the busiest worker gets over a queue, when
// some origins have far more URLs than others: origins by a Zipf distribution
// over the partitions of a queue, partitions over workers, each as many as the
// others. "make bench-partitions" runs it; docs/scale.md has its output.
package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

const (
	partitions = 64
	rounds     = 200 // of which the median counts
)

func main() {
	fmt.Println("origins  exponent  hottest origin | the busiest worker's part of the work, as a multiple of an even part")
	fmt.Printf("%33s |", "")
	workers := []int{2, 4, 8, 16, 32, 64}
	for _, n := range workers {
		fmt.Printf("%11s", fmt.Sprint(n, " workers"))
	}
	fmt.Println()
	r := rand.New(rand.NewPCG(1, 2)) // the same table each time
	for _, origins := range []int{100, 1000, 10_000, 1_000_000} {
		for _, s := range []float64{0, 0.8, 1} {
			weights := zipf(origins, s)
			fmt.Printf("%7d  %8.1f %14.1f%% |", origins, s, 100*weights[0])
			loads := make([][]float64, rounds)
			for i := range loads {
				loads[i] = spread(weights, r)
			}
			for _, n := range workers {
				var busiest []float64
				for _, load := range loads {
					busiest = append(busiest, float64(n)*most(load, n))
				}
				slices.Sort(busiest)
				fmt.Printf("%11.2f", busiest[rounds/2])
			}
			fmt.Println()
		}
	}
}

// zipf are the parts of the work that origins have, of the rank k in proportion
// to 1/k^s.
func zipf(origins int, s float64) []float64 {
	weights := make([]float64, origins)
	sum := 0.0
	for k := range weights {
		weights[k] = math.Pow(float64(k+1), -s)
		sum += weights[k]
	}
	for k := range weights {
		weights[k] /= sum
	}
	return weights
}

// spread puts each origin into a partition, as its hash would.
func spread(weights []float64, r *rand.Rand) []float64 {
	load := make([]float64, partitions)
	for _, w := range weights {
		load[r.IntN(partitions)] += w
	}
	return load
}

// most is the part of the busiest of n workers, when each has as many
// partitions as the others. Which ones is as good as random.
func most(load []float64, n int) float64 {
	of := make([]float64, n)
	for p, l := range load {
		of[p%n] += l
	}
	return slices.Max(of)
}
