package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// textOrigins is how many origins the terminal text and the Markdown list; the
// HTML report has all of them.
const textOrigins = 10

// WriteText writes the report for a terminal or a log: the summary, each
// failure once, the slowest origins, and the course of the run. There is no
// colour and no control character in it, and nothing that a CI system would
// take for a command: every line begins with a word of our own.
func WriteText(w io.Writer, r *Report) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, inLog(r.Summary()))
	if q := r.Totals.Latency; q.Count > 0 {
		p50, p90, p99 := q.show()
		fmt.Fprintf(out, "latency: p50 %s, p90 %s, p99 %s, longest %s\n", p50, p90, p99, showDuration(q.Max))
	}
	if line := r.Throughput.line(); line != "" {
		fmt.Fprintf(out, "tasks over time: %s\n", line)
	}
	if len(r.Origins) > 1 {
		if err := writeTextOrigins(out, r); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	if len(r.Failures) > 0 {
		fmt.Fprintln(out)
	}
	for _, row := range r.Failures {
		fmt.Fprintf(out, "FAIL %s\n", row.failure(inLog(row.Name()), inLog(row.message())))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func writeTextOrigins(w io.Writer, r *Report) error {
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ORIGIN\tTASKS\tFAILED\tRETRIES\tTIME\tP50\tP90\tP99\tWHY")
	for _, origin := range r.Origins[:min(textOrigins, len(r.Origins))] {
		p50, p90, p99 := origin.Latency.show()
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n", inLog(origin.Name), origin.Tasks, origin.Failed,
			origin.Retries, showDuration(origin.Spent()), p50, p90, p99, origin.Why())
	}
	if more := len(r.Origins) - textOrigins; more > 0 {
		fmt.Fprintf(table, "and %s\n", plural(more, "faster origin"))
	}
	return table.Flush()
}

// inLog returns visible text with the marks broken up that CI systems act on
// anywhere in a line: "##[" (GitHub Actions, runner ActionCommand.TryParse),
// "##vso[" (Azure Pipelines) and "##teamcity[" (TeamCity). "::" counts only at
// the beginning of a line, where text from a record never stands.
func inLog(s string) string { return strings.ReplaceAll(s, "##", `#\x23`) }

// InLog returns s as a part of a line that a terminal may show and a CI system
// may read: Visible, and without the marks that are acted on.
func InLog(s string) string { return inLog(Visible(s)) }

// line draws the throughput with one character a bucket, and says what its
// peak is.
func (t Throughput) line() string {
	const levels = "▁▂▃▄▅▆▇█"
	peak := 0
	for _, bucket := range t.Buckets {
		peak = max(peak, bucket.Good+bucket.Bad)
	}
	if len(t.Buckets) < 2 || peak == 0 {
		return ""
	}
	// Two buckets or more share a character where there are too many for a line.
	each := (len(t.Buckets) + mostBuckets/2 - 1) / (mostBuckets / 2)
	var s strings.Builder
	for from := 0; from < len(t.Buckets); from += each {
		highest := 0
		for _, bucket := range t.Buckets[from:min(from+each, len(t.Buckets))] {
			highest = max(highest, bucket.Good+bucket.Bad)
		}
		level := (highest*8 + peak - 1) / peak // 0 to 8: nothing, then the eight levels
		if level == 0 {
			s.WriteByte(' ')
			continue
		}
		s.WriteString(string([]rune(levels)[level-1]))
	}
	rate := float64(peak) / (float64(t.Width) / float64(time.Second))
	return fmt.Sprintf("|%s| peak %.3g/s", s.String(), rate)
}
