package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

var heading = []string{"case", "ours", "library", "ratio", "target", "reached"}

// cells are a row as text, in the order of heading.
func (r row) cells() []string {
	library := "-"
	if r.library != "" {
		library = r.library + " " + figure(r.theirs, r.unit)
	}
	return []string{r.name, figure(r.ours, r.unit), library, r.ratioText(), r.target(), r.reached()}
}

func (r row) ratioText() string {
	if r.bound || r.theirs == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", r.ratio)
}

// result is what the target is about.
func (r row) result() string {
	if r.bound {
		return figure(r.ours, r.unit)
	}
	return r.ratioText()
}

func (r row) target() string {
	switch {
	case r.most == 0:
		return "-"
	case r.bound:
		return "<= " + figure(r.most, r.unit)
	}
	return fmt.Sprintf("<= %g", r.most)
}

func (r row) reached() string {
	switch {
	case r.most == 0:
		return "-"
	case r.missed():
		return fmt.Sprintf("NO (missed in %d of %d rounds)", r.misses, r.rounds)
	}
	return "yes"
}

func figure(v float64, unit string) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f %s", v, unit)
	case v >= 10:
		return fmt.Sprintf("%.1f %s", v, unit)
	}
	return fmt.Sprintf("%.2f %s", v, unit)
}

func printText(w io.Writer, rows []row) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer tw.Flush()
	fmt.Fprintln(tw, strings.Join(heading, "\t"))
	for _, r := range rows {
		fmt.Fprintln(tw, strings.Join(r.cells(), "\t"))
	}
}

func printMarkdown(w io.Writer, rows []row) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(heading, " | "))
	fmt.Fprintln(w, "| --- | --: | --- | --: | --: | --- |")
	for _, r := range rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(r.cells(), " | "))
	}
}
