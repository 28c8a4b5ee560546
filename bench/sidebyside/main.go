// Sidebyside does the same work one after the other and concurrently, against
// a real server on the loopback interface that takes some milliseconds for an
// answer, and prints both times and the speed-up.
//
//	go -C bench run ./sidebyside [-latency 10ms] [-n 100] [-jobs 20] [-rounds 3]
//
// The times are medians of the rounds, in which the two ways take turns.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"
)

// work is one thing done in two ways. Both must give the same result.
type work struct {
	name         string
	sequentially string // what the two ways are, in a few words
	concurrently string
	one, many    func(ctx context.Context, s *site, n, jobs int) (result int, err error)
}

func main() {
	latency := flag.Duration("latency", 10*time.Millisecond, "how long the server takes for an answer")
	n := flag.Int("n", 100, "how many tasks, items, requests and records there are")
	jobs := flag.Int("jobs", 20, "how many run at once")
	rounds := flag.Int("rounds", 3, "how often each way is measured")
	flag.Parse()

	s := newSite(*latency)
	defer s.close()
	fmt.Printf("%d of each, %d at once, a server that answers after %v\n\n", *n, *jobs, *latency)
	fmt.Println("| work | one after the other | concurrently | speed-up |")
	fmt.Println("| --- | --: | --: | --: |")
	for _, w := range works {
		if err := compare(context.Background(), s, w, *n, *jobs, max(*rounds, 1)); err != nil {
			fmt.Fprintf(os.Stderr, "sidebyside: %s: %v\n", w.name, err)
			os.Exit(1)
		}
	}
}

func compare(ctx context.Context, s *site, w work, n, jobs, rounds int) error {
	var one, many []time.Duration
	for range rounds {
		began := time.Now()
		first, err := w.one(ctx, s, n, jobs)
		if err != nil {
			return fmt.Errorf("one after the other: %w", err)
		}
		one = append(one, time.Since(began))

		began = time.Now()
		second, err := w.many(ctx, s, n, jobs)
		if err != nil {
			return fmt.Errorf("concurrently: %w", err)
		}
		many = append(many, time.Since(began))

		if first != second {
			return fmt.Errorf("the results differ: %d one after the other, %d concurrently", first, second)
		}
	}
	a, b := median(one), median(many)
	fmt.Printf("| %s | %s: %v | %s: %v | %.1f x |\n", w.name,
		w.sequentially, a.Round(time.Millisecond), w.concurrently, b.Round(time.Millisecond), a.Seconds()/b.Seconds())
	return nil
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
