package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/specify-cli/specify/bench/proc"
)

// measure lets the starters take turns, every second round in the opposite order,
// so that what else the machine does falls on all of them alike.
func measure(ctx context.Context, all []*starter, rounds int) error {
	for round := range rounds {
		for i := range all {
			if round%2 == 1 {
				i = len(all) - 1 - i
			}
			if all[i].version == "" {
				continue
			}
			if err := all[i].once(ctx); err != nil {
				return fmt.Errorf("%s: %w", all[i].name, err)
			}
		}
	}
	return nil
}

// once starts all children. One without a result is an error: what is not done
// looks fast.
func (s *starter) once(ctx context.Context) error {
	if s.results != "" {
		if err := os.Remove(s.results); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	u, err := proc.Run(ctx, s.command)
	if err != nil {
		return err
	}
	if s.results != "" {
		text, err := os.ReadFile(s.results)
		if err != nil {
			return err
		}
		if got := bytes.Count(text, []byte("\n")) - s.header; got != s.n {
			return fmt.Errorf("%d results of %d children", got, s.n)
		}
	}
	u.Wall /= time.Duration(s.n)
	u.CPU /= time.Duration(s.n)
	s.used = append(s.used, u)
	return nil
}

func cpu(u proc.Usage) float64  { return float64(u.CPU.Nanoseconds()) }
func wall(u proc.Usage) float64 { return float64(u.Wall.Nanoseconds()) }
func peak(u proc.Usage) float64 { return float64(u.Peak) }

func (s *starter) median(of func(proc.Usage) float64) float64 {
	var all []float64
	for _, u := range s.used {
		all = append(all, of(u))
	}
	return proc.Median(all)
}

// ratio is the median of the rounds' ratios of ours to theirs.
func ratio(ours, theirs *starter, of func(proc.Usage) float64) string {
	var all []float64
	for i := range ours.used {
		all = append(all, of(ours.used[i])/of(theirs.used[i]))
	}
	return fmt.Sprintf("%.2f", proc.Median(all))
}

func printTable(w io.Writer, all []*starter) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer tw.Flush()
	row := func(cells ...string) { fmt.Fprintln(tw, strings.Join(cells, "\t")) }
	row("program", "CPU a child", "wall a child", "peak memory", "specify/its CPU", "wall", "memory", "version")
	for _, s := range all {
		if s.version == "" {
			row(s.name, "skipped: it is not here")
			continue
		}
		micros := func(v float64) string { return fmt.Sprintf("%.0f µs", v/1e3) }
		cells := []string{s.name, micros(s.median(cpu)), micros(s.median(wall)), fmt.Sprintf("%.1f MiB", s.median(peak)/(1<<20)), "", "", "", s.version}
		if s != all[0] {
			cells[4], cells[5], cells[6] = ratio(all[0], s, cpu), ratio(all[0], s, wall), ratio(all[0], s, peak)
		}
		row(cells...)
	}
}
