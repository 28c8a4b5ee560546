// Peers lets specify, curl, wget2, aria2c, xargs with curl, a bare net/http client
// and wrk fetch the same lists in turn, each on one core with the server on
// another, and prints what each has used, specify's ratio to it, and which of
// the project's goals were missed.
//
//	go -C bench run ./peers [-cases a,g] [-rounds 3] [-urls 100000] [-body 200]
//	    [-inflight 50] [-big 1073741824] [-million] [-strict]
//
// Processor time (user and system), wall-clock time and peak memory come from the
// operating system when a process ends, counts of requests and connections from the
// server. A figure is the median of the rounds. Figures depend on the machine
// and on what else runs there; the ratios, each of one round, do much less. A
// program that is not installed is skipped by name. With -strict the exit status
// is 1 when a goal was missed.
//
// How each program is called, and what is fair about it, stands in clients.go.
// Linux only, as far as it needs all of 127.0.0.0/8.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"time"

	"github.com/specify-cli/specify/bench/proc"
	"github.com/specify-cli/specify/bench/site"
)

func main() {
	site.Serve()
	serveAsBare()

	s := full
	cases := flag.String("cases", "", "only these, as `LIST` of their letters")
	rounds := flag.Int("rounds", 3, "how often each program is measured")
	body := flag.Int("body", 200, "bytes of a small body")
	big := flag.Int64("big", 1<<30, "bytes of the long one")
	million := flag.Bool("million", false, "also a list of 1,000,000 URLs")
	strict := flag.Bool("strict", false, "exit with 1 when a goal is missed")
	flag.IntVar(&s.urls, "urls", s.urls, "URLs in a list of small bodies")
	flag.IntVar(&s.inFlight, "inflight", s.inFlight, "how many are in flight at once")
	flag.Parse()
	if *million {
		s.growth = append(s.growth, 1_000_000)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	st, err := setUp(*body, *big)
	missed := 0
	if err == nil {
		missed, err = st.hold(ctx, chosen(contests(s), *cases), max(*rounds, 1))
	}
	if closed := st.close(); err == nil {
		err = closed
	}
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(2)
	case missed > 0 && *strict:
		os.Exit(1)
	}
}

// hold holds the contests, prints their tables and returns how many goals were
// missed.
func (st *stage) hold(ctx context.Context, all []contest, rounds int) (missed int, err error) {
	began := time.Now()
	fmt.Println(st.versions())
	var verdicts []verdict
	for _, c := range all {
		results, err := st.measure(ctx, c, rounds, os.Stderr)
		if err != nil {
			return 0, err
		}
		printContest(os.Stdout, c, results)
		verdicts = append(verdicts, judge(c, results)...)
	}
	missed = printVerdicts(os.Stdout, verdicts)
	fmt.Printf("\n%d of %d goals missed; medians of %d rounds, %v in all.\n", missed, len(verdicts), rounds, time.Since(began).Round(time.Second))
	return missed, nil
}

// chosen are the contests whose keys stand in list, or all if it is empty.
func chosen(all []contest, list string) []contest {
	if list == "" {
		return all
	}
	var some []contest
	for _, c := range all {
		if strings.Contains(list, c.key) {
			some = append(some, c)
		}
	}
	return some
}

// versions tells what is compared, and on what.
func (st *stage) versions() string {
	own, _ := exec.Command(st.specify, "version").Output()
	all := []string{strings.TrimSpace(string(own))}
	for _, tool := range []string{"curl", "wget2", "aria2c", "wrk"} {
		v := proc.Version(tool)
		if v == "" {
			v = "is not here"
		}
		all = append(all, tool+" "+v)
	}
	where := "clients and server on whatever core is free"
	if st.core != proc.Any {
		where = fmt.Sprintf("clients on core %d, the server on another", st.core)
	}
	return fmt.Sprintf("%s; server: %s. %s; %s/%s, %d cores.",
		strings.Join(all, ", "), st.site.Server, where, runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}
