package main

import (
	"fmt"
	"io"
)

// verdict is what has become of a goal.
type verdict struct {
	goal
	key      string
	measured bool
	got      float64
}

func (v verdict) missed() bool { return v.measured && v.got > v.most }

// judge compares results with the goals of their contest.
func judge(c contest, results []*result) []verdict {
	byLabel := make(map[string]*result)
	for _, r := range results {
		byLabel[r.label] = r
	}
	var all []verdict
	for _, g := range c.goals {
		v := verdict{goal: g, key: c.key}
		of, against := byLabel[g.of], byLabel[g.against]
		switch {
		case of == nil || !of.has(g.what):
		case g.against == "":
			v.measured, v.got = true, of.median(g.what)
		case against != nil && against.has(g.what):
			v.measured, v.got = true, ratio(of, against, g.what)
		}
		all = append(all, v)
	}
	return all
}

// printVerdicts prints every goal and returns how many were missed.
func printVerdicts(w io.Writer, all []verdict) (missed int) {
	rows := [][]string{{"goal", "got", "at most", "reached"}}
	for _, v := range all {
		rows = append(rows, v.cells())
		if v.missed() {
			missed++
		}
	}
	if len(rows) > 1 {
		fmt.Fprintln(w)
		printTable(w, rows)
	}
	return missed
}

func (v verdict) cells() []string {
	name := fmt.Sprintf("(%s) %s, %s", v.key, v.of, v.what)
	text := v.what.text
	if v.against != "" {
		name += ", to that of " + v.against
		text = func(x float64) string { return fmt.Sprintf("%.2f", x) }
	}
	switch {
	case !v.measured:
		return []string{name, "-", text(v.most), "not measured"}
	case v.missed():
		return []string{name, text(v.got), text(v.most), "MISSED"}
	}
	return []string{name, text(v.got), text(v.most), "yes"}
}
