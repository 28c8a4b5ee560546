package contest

import (
	"runtime"
	"time"
)

const (
	workers = 10
	queue   = 1024
)

// perItem measures the time that work takes, by the item.
func perItem(n int, work func() error) Way {
	return func() (float64, error) {
		runtime.GC() // what the work before this one has left is not this one's to collect
		began := time.Now()
		err := work()
		return float64(time.Since(began).Nanoseconds()) / float64(n), err
	}
}

// allocsPerItem measures how many allocations work makes, by the item.
func allocsPerItem(n int, work func() error) Way {
	return func() (float64, error) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := work()
		runtime.ReadMemStats(&after)
		return float64(after.Mallocs-before.Mallocs) / float64(n), err
	}
}
