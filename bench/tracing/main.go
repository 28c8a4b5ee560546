// Tracing measures what tracing costs: the processor time that whole runs of
// specify take for a URL, user and system, in three ways that take turns.
//
//	bare      a build without any span around tasks and attempts
//	off       the program as it is, with nothing configured
//	recorded  the same, a span recorded for each task and attempt (--trace-file)
//
//	go -C bench run ./tracing [-n 20000] [-rounds 5] [-strict]
//
// The URLs are answered by a server in a process of its own. A figure is the
// least of the rounds, which is what the work takes when nothing else disturbs;
// the median stands beside it. With -strict the exit status is 1 when a target
// was missed.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The targets, as shares of the time without.
const (
	mostOff      = 0.10 // of bare
	mostRecorded = 0.40 // of off
)

func main() {
	n := flag.Int("n", 20_000, "how many URLs a run fetches")
	rounds := flag.Int("rounds", 5, "how often each way is measured")
	strict := flag.Bool("strict", false, "exit with 1 when a target is missed")
	server := flag.Bool("serve", false, "be the server")
	flag.Parse()
	if *server {
		serve()
		return
	}
	fine, err := compare(*n, max(*rounds, 1))
	if err != nil {
		fmt.Fprintf(os.Stderr, "tracing: %v\n", err)
		os.Exit(2)
	}
	if !fine && *strict {
		os.Exit(1)
	}
}

// way is one way to run the same list.
type way struct {
	name    string
	program string
	args    []string
	took    []time.Duration // processor time of each round
}

func compare(n, rounds int) (fine bool, err error) {
	dir, err := os.MkdirTemp("", "tracing")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	whole, bare, err := build(dir)
	if err != nil {
		return false, err
	}
	url, stop, err := startServer()
	if err != nil {
		return false, err
	}
	defer stop()
	list := filepath.Join(dir, "list")
	if err := os.WriteFile(list, urls(url, n), 0o600); err != nil {
		return false, err
	}

	ways := []*way{{name: "bare", program: bare}, {name: "off", program: whole}, {name: "recorded", program: whole, args: []string{"--trace-file", os.DevNull}}}
	for range rounds {
		for _, w := range ways {
			took, err := w.run(list)
			if err != nil {
				return false, fmt.Errorf("%s: %w", w.name, err)
			}
			w.took = append(w.took, took)
		}
	}
	fmt.Printf("\n%d URLs, best and median of %d rounds, processor time a URL\n\n", n, rounds)
	for _, w := range ways {
		fmt.Printf("%-9s %5.1f µs  %5.1f µs\n", w.name, each(slices.Min(w.took), n), each(median(w.took), n))
	}
	off := tell("nothing configured", ways[0], ways[1], mostOff)
	recorded := tell("two spans a URL recorded", ways[1], ways[2], mostRecorded)
	return off && recorded, nil
}

// run runs the list once and returns the processor time that it took.
func (w *way) run(list string) (time.Duration, error) {
	args := append([]string{"batch", "-s", "--jobs", "50", "--per-host", "50", "--file", list, "--results", os.DevNull}, w.args...)
	cmd := exec.Command(w.program, args...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool {
		return strings.HasPrefix(kv, "OTEL_") || strings.HasPrefix(kv, "SPECIFY_")
	})
	out, err := cmd.CombinedOutput()
	if err != nil || len(out) > 0 {
		return 0, fmt.Errorf("%v: %w: %s", cmd.Args, err, out)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// tell prints what with costs more than without, and returns whether that is
// within the target.
func tell(what string, without, with *way, most float64) bool {
	more := float64(slices.Min(with.took))/float64(slices.Min(without.took)) - 1
	verdict := "yes"
	if more >= most {
		verdict = "NO"
	}
	fmt.Printf("%s: %+.0f %% (target: under %.0f %%): %s\n", what, more*100, most*100, verdict)
	return more < most
}

func each(d time.Duration, n int) float64 { return float64(d.Nanoseconds()) / 1000 / float64(n) }

func median(d []time.Duration) time.Duration { return slices.Sorted(slices.Values(d))[len(d)/2] }
