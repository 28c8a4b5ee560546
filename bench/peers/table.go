package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/specify-cli/specify/bench/proc"
)

// printContest prints the figures of a contest as a Markdown table, its columns
// aligned. A line's ratios are those of the last of ours above it to the line's.
func printContest(w io.Writer, c contest, results []*result) {
	fmt.Fprintf(w, "\n(%s) %s\n\n", c.key, c.title)
	rows := [][]string{{"program", "CPU a " + c.per, "wall", "peak memory", "connections", "ours/its CPU", "wall", "memory"}}
	var ours *result
	for _, r := range results {
		if r.why != "" {
			rows = append(rows, []string{r.label, r.why})
			continue
		}
		cells := []string{r.label}
		for m := range metrics {
			cells = append(cells, r.cell(m))
		}
		if r.client.ours {
			ours = r
		}
		rows = append(rows, append(cells, ratios(ours, r)...))
	}
	printTable(w, rows)
}

func (r *result) cell(m metric) string {
	if !r.has(m) {
		return "-"
	}
	if m == peak && r.hidden {
		return "< " + m.text(r.median(m))
	}
	return m.text(r.median(m))
}

// text is a figure of m with its unit.
func (m metric) text(v float64) string {
	switch m {
	case peak:
		return fmt.Sprintf("%.1f MiB", v/(1<<20))
	case connections:
		return fmt.Sprintf("%.0f", v)
	}
	switch {
	case v < 1e-3:
		return fmt.Sprintf("%.1f µs", v*1e6)
	case v < 1:
		return fmt.Sprintf("%.2f ms", v*1e3)
	}
	return fmt.Sprintf("%.2f s", v)
}

// ratios are ours to theirs of CPU, wall and peak memory, where they mean
// something: a shorter list takes less time, and how long wrk runs is what it is
// told.
func ratios(ours, theirs *result) []string {
	if ours == nil || theirs.client.ours {
		return []string{"", "", ""}
	}
	var cells []string
	for _, m := range []metric{cpu, wall, peak} {
		if m == wall && (theirs.work != ours.work || theirs.client.open) || m == peak && theirs.hidden {
			cells = append(cells, "-")
			continue
		}
		cells = append(cells, fmt.Sprintf("%.2f", ratio(ours, theirs, m)))
	}
	return cells
}

// ratio is the median of the rounds' ratios.
func ratio(a, b *result, m metric) float64 {
	var all []float64
	for i := range min(len(a.figures[m]), len(b.figures[m])) {
		all = append(all, a.figures[m][i]/b.figures[m][i])
	}
	return proc.Median(all)
}

func printTable(w io.Writer, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			if i == 0 || len(row) == len(rows[0]) { // a remark may be longer than its column
				widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			}
		}
	}
	rule := make([]string, len(widths))
	for i, n := range widths {
		rule[i] = strings.Repeat("-", max(n-1, 2)) + ":"
	}
	rule[0] = strings.Repeat("-", widths[0])
	rows = append([][]string{rows[0], rule}, rows[1:]...)
	for _, row := range rows {
		for i, n := range widths {
			cell := ""
			if i < len(row) {
				cell = row[i]
			}
			pad := strings.Repeat(" ", max(0, n-utf8.RuneCountInString(cell)))
			if i == 0 {
				cell += pad
			} else {
				cell = pad + cell
			}
			fmt.Fprintf(w, "| %s ", cell)
		}
		fmt.Fprintln(w, "|")
	}
}
