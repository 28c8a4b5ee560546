package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	// markdownFailures and markdownCell bound the Markdown far below the 1 MiB
	// that GitHub takes as the summary of a step: no list of failures is read
	// beyond that, and a URL may be a mebibyte long by itself.
	markdownFailures = 200
	markdownCell     = 500 // bytes
)

// WriteMarkdown writes the report for a GitHub step summary or a merge request
// comment, in GitHub Flavored Markdown. It stays below 300 kB, whatever the
// records are, and says what it leaves out.
func WriteMarkdown(w io.Writer, r *Report) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "### %s %s\n\n", r.mark(), r.headline())
	writeMarkdownTotals(out, r)
	if len(r.Failures) > 0 {
		writeMarkdownFailures(out, r)
	}
	if len(r.Origins) > 0 {
		writeMarkdownOrigins(out, r)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// mark is the verdict as one character, readable without colour.
func (r *Report) mark() string {
	switch {
	case r.Totals.Failed > 0:
		return "❌"
	case r.Totals.Unfinished > 0:
		return "⏳"
	}
	return "✅"
}

func writeMarkdownTotals(w io.Writer, r *Report) {
	t := &r.Totals
	p50, p90, p99 := t.Latency.show()
	fmt.Fprintln(w, "| ok | not modified | failed | unfinished | retries | bytes | elapsed | p50 | p90 | p99 |")
	fmt.Fprintln(w, "| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |")
	fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n\n",
		showCount(t.OK), showCount(t.NotModified), showCount(t.Failed), showCount(t.Unfinished), showCount(t.Retries),
		showBytes(t.Bytes), showDuration(r.Elapsed()), p50, p90, p99)
}

func writeMarkdownFailures(w io.Writer, r *Report) {
	fmt.Fprint(w, "#### Failures\n\n| task | why | attempts | took |\n| --- | --- | --: | --- |\n")
	for _, row := range r.Failures[:min(markdownFailures, len(r.Failures))] {
		fmt.Fprintf(w, "| %s | %s | %d | %s |\n", code(row.Name()), code(row.message()), row.Attempts, row.took())
	}
	if left := r.Totals.Failed - min(markdownFailures, len(r.Failures)); left > 0 {
		fmt.Fprintf(w, "\n%s left out here.\n", plural(left, "more failure"))
	}
	fmt.Fprintln(w)
}

func writeMarkdownOrigins(w io.Writer, r *Report) {
	fmt.Fprintf(w, "<details><summary>%s, slowest first</summary>\n\n", plural(len(r.Origins), "origin"))
	shown := r.Origins[:min(textOrigins, len(r.Origins))]
	measured := slices.ContainsFunc(shown, func(o *Origin) bool { return o.Latency.Count > 0 }) // not of a Brief
	columns, rule := "", ""
	if measured {
		columns, rule = " p50 | p90 | p99 |", " --: | --: | --: |"
	}
	fmt.Fprintf(w, "| origin | tasks | failed | retries | time |%s why |\n| --- | --: | --: | --: | --: |%s --- |\n", columns, rule)
	for _, origin := range shown {
		if measured {
			p50, p90, p99 := origin.Latency.show()
			columns = fmt.Sprintf(" %s | %s | %s |", p50, p90, p99)
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |%s %s |\n", code(origin.Name), showCount(origin.Tasks),
			showCount(origin.Failed), showCount(origin.Retries), showDuration(origin.Spent()), columns, origin.Why())
	}
	if left := len(r.Origins) - textOrigins; left > 0 {
		fmt.Fprintf(w, "\n%s left out here.\n", plural(left, "faster origin"))
	}
	fmt.Fprint(w, "\n</details>\n")
}

// code returns visible text as a code span in a table's cell, at most
// markdownCell bytes of it. In a code span nothing is markup: no link, mention,
// image, HTML or formula. The two characters that could end the span or the
// cell are written out as visible does it with control characters; the ways to
// escape them differ between renderers.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + shorten(codeEscapes.Replace(s), markdownCell) + "`"
}

var codeEscapes = strings.NewReplacer("`", `\x60`, "|", `\x7c`)
