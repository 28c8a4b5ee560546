// Children measures what a child process costs: specify batch --allow-exec, GNU
// parallel and xargs start the same small program many times, as whole processes
// and in turn, and each program's use is divided by the number of children.
//
//	go -C bench run ./children [-n 2000] [-jobs 4] [-rounds 5]
//
// The figures hold what the child itself costs, about the same for all, so a ratio
// understates what is specify's own. Specify and parallel write a result a child to a
// file, xargs has none to write: it shows the least there is. parallel, which
// takes some milliseconds for each, gets a tenth of the list. A program that is not
// installed is skipped by name.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	n := flag.Int("n", 2000, "children a round")
	jobs := flag.Int("jobs", 4, "how many at once")
	rounds := flag.Int("rounds", 5, "how often each program is measured")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	if err := run(ctx, max(*n, 10), *jobs, max(*rounds, 1)); err != nil {
		fmt.Fprintln(os.Stderr, "children:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, n, jobs, rounds int) (err error) {
	dir, err := os.MkdirTemp("", "specify-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	starters, err := prepare(dir, n, jobs)
	if err != nil {
		return err
	}
	if err := measure(ctx, starters, rounds); err != nil {
		return err
	}
	fmt.Printf("%s %d times, %d at once; medians of %d rounds\n\n", starters[0].child, n, jobs, rounds)
	printTable(os.Stdout, starters)
	return nil
}
