package queue

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"
	"strconv"
)

// owners gives each partition to a worker, and to each as many as to the others,
// or one more: all who know the same workers agree on it. It is rendezvous
// hashing, in which the worker with the highest weight gets a partition, but for
// workers that have their part already. So most partitions stay where they are
// when a worker comes or goes. By the weights alone the busiest of four workers
// would have a third of 64 partitions (bench/partitions), and all wait for it in
// the end.
func owners(partitions int, workers []string) []string {
	workers = slices.Compact(slices.Sorted(slices.Values(workers)))
	if len(workers) == 0 {
		return nil
	}
	part, more := partitions/len(workers), partitions%len(workers)
	has := make(map[string]int, len(workers))
	of := make([]string, partitions)
	for p := range of {
		for _, w := range ranked(p, workers) {
			if has[w] < part || has[w] == part && more > 0 {
				if has[w] == part {
					more--
				}
				has[w]++
				of[p] = w
				break
			}
		}
	}
	return of
}

// ranked are the workers by their weight for a partition, the highest first.
func ranked(partition int, workers []string) []string {
	type weighed struct {
		weight [sha256.Size]byte
		worker string
	}
	all := make([]weighed, len(workers))
	for i, w := range workers {
		all[i] = weighed{sha256.Sum256([]byte(strconv.Itoa(partition) + " " + w)), w}
	}
	slices.SortFunc(all, func(a, b weighed) int {
		return cmp.Or(bytes.Compare(b.weight[:], a.weight[:]), cmp.Compare(a.worker, b.worker))
	})
	names := make([]string, len(all))
	for i, w := range all {
		names[i] = w.worker
	}
	return names
}
