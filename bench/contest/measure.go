package contest

import (
	"math"
	"runtime"
	"time"
)

const (
	workers = 10
	queue   = 1024
)

// tries is how often a piece of work is timed for one figure. The least time
// counts: whatever else the machine does can only add to it.
const tries = 3

// perItem measures the time that work takes, by the item, in nanoseconds.
func perItem(n int, work func() error) Way {
	return func() (float64, error) {
		least := time.Duration(math.MaxInt64)
		for range tries {
			runtime.GC() // what the work before this one has left is not this one's to collect
			began := time.Now()
			if err := work(); err != nil {
				return 0, err
			}
			least = min(least, time.Since(began))
		}
		return float64(least.Nanoseconds()) / float64(n), nil
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
