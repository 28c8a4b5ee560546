// Ratios measures asynccore against other libraries, in one process and in
// turn, and prints a line a comparison: both figures, their ratio, the ratio
// that is the target, and whether it was reached.
//
//	go -C bench run ./ratios [-rounds 5] [-case TEXT] [-md] [-strict]
//
// A figure is the median of the rounds, each the least of three times. It depends
// on the machine and on what else runs there; the ratios do much less. With -strict the exit status is 1 when
// a target was missed in most of the rounds.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/specify-cli/specify/bench/contest"
)

func main() {
	rounds := flag.Int("rounds", 5, "how often each way is measured")
	only := flag.String("case", "", "only cases whose name contains `TEXT`")
	markdown := flag.Bool("md", false, "print the table as Markdown")
	strict := flag.Bool("strict", false, "exit with 1 when a target is missed in most rounds")
	flag.Parse()

	var rows []row
	for _, c := range contest.Cases(contest.Full) {
		if !strings.Contains(c.Name, *only) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s ...\n", c.Name)
		got, err := measure(c, max(*rounds, 1))
		if err != nil {
			fmt.Fprintf(os.Stderr, "ratios: %s: %v\n", c.Name, err)
			os.Exit(2)
		}
		rows = append(rows, got...)
	}
	if *markdown {
		printMarkdown(os.Stdout, rows)
	} else {
		printText(os.Stdout, rows)
	}
	fmt.Printf("\nMedians of %d rounds; %s, GOMAXPROCS %d.\n", max(*rounds, 1), runtime.Version(), runtime.GOMAXPROCS(0))
	if !tellMissed(os.Stdout, rows) && *strict {
		os.Exit(1)
	}
}

// tellMissed names the targets that were missed, and returns whether none was
// in most rounds.
func tellMissed(w *os.File, rows []row) (fine bool) {
	fine = true
	var missed []row
	for _, r := range rows {
		if r.missed() {
			missed = append(missed, r)
		}
		if r.misses > r.rounds/2 {
			fine = false
		}
	}
	if len(missed) == 0 {
		fmt.Fprintln(w, "No target was missed.")
		return fine
	}
	fmt.Fprintln(w, "Missed:")
	for _, r := range missed {
		what := r.name
		if r.library != "" {
			what += " against " + r.library
		}
		fmt.Fprintf(w, "  %s: %s, target %s; in %d of %d rounds\n", what, r.result(), r.target(), r.misses, r.rounds)
	}
	return fine
}

// median of a set that is not empty.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}
