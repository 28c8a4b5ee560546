package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// WriteJUnit writes the report as JUnit XML in the dialect that GitHub's
// actions, GitLab and Jenkins share (the Surefire schema in the form of the
// xUnit plugin's junit-10.xsd). An origin is a suite and a task a test case. A
// failed task is a failure; an unfinished one is an error, since a run that
// stopped early must not look green.
func WriteJUnit(w io.Writer, r *Report) error {
	out := bufio.NewWriter(w)
	j := junit{w: out}
	j.print(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	j.open("testsuites", "name", "specify", "tests", strconv.Itoa(r.Totals.Tasks),
		"failures", strconv.Itoa(r.Totals.Failed), "errors", strconv.Itoa(r.Totals.Unfinished),
		"time", junitTime(r.Elapsed()))
	j.print("\n")
	byOrigin := make([][]*Row, len(r.Origins))
	for _, row := range r.Rows {
		byOrigin[row.Origin] = append(byOrigin[row.Origin], row)
	}
	for i, origin := range r.Origins {
		j.suite(origin, byOrigin[i])
	}
	j.print("</testsuites>\n")
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write junit: %w", err)
	}
	return nil
}

// junit prints elements. Errors stay in w, whose Flush returns them.
type junit struct{ w *bufio.Writer }

func (j junit) suite(origin *Origin, rows []*Row) {
	var total time.Duration
	for _, row := range rows {
		total += row.Duration
	}
	attributes := []string{
		"name", origin.Name, "tests", strconv.Itoa(origin.Tasks), "failures", strconv.Itoa(origin.Failed),
		"errors", strconv.Itoa(origin.Unfinished), "skipped", "0", "time", junitTime(total),
	}
	if start := firstStart(rows); !start.IsZero() {
		// Without a zone: Jenkins reads nothing else in this place.
		attributes = append(attributes, "timestamp", start.UTC().Format("2006-01-02T15:04:05"))
	}
	j.open("testsuite", attributes...)
	j.print("\n")
	names := make(map[string]bool, len(rows))
	for _, row := range rows {
		name := strings.TrimSpace(row.Method + " " + row.Name())
		if names[name] {
			// GitLab takes cases of one name for the same case.
			name += fmt.Sprintf(" (task %d)", row.Seq)
		}
		names[name] = true
		j.testcase(origin, row, name)
	}
	j.print("</testsuite>\n")
}

func firstStart(rows []*Row) (first time.Time) {
	for _, row := range rows {
		if !row.Start.IsZero() && (first.IsZero() || row.Start.Before(first)) {
			first = row.Start
		}
	}
	return first
}

func (j junit) testcase(origin *Origin, row *Row, name string) {
	j.open("testcase", "name", name, "classname", origin.Name, "time", junitTime(row.Duration))
	if !row.Outcome.Good() {
		element := "failure"
		if row.Outcome != task.Failed {
			element = "error"
		}
		j.open(element, "type", row.errorType(), "message", row.message())
		j.text(row.account())
		j.print("</" + element + ">")
	}
	if row.More != nil && row.More.StderrTail != "" {
		j.print("<system-err>")
		j.text(row.More.StderrTail)
		j.print("</system-err>")
	}
	j.print("</testcase>\n")
}

// account tells a failure in full: what was asked, each attempt, what is known
// of the answer. It has several lines.
func (row *Row) account() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s\nattempts: %d\n", row.failure(row.Name(), row.message()), row.Attempts)
	if row.More != nil {
		for i, retry := range row.More.Retries {
			fmt.Fprintf(&s, "attempt %d: %s in %s", i+1, retryResult(retry), showDuration(retry.Duration))
			if retry.Wait > 0 {
				fmt.Fprintf(&s, ", then waited %s (%s)", showDuration(retry.Wait), strings.ReplaceAll(retry.Reason, "_", "-"))
			}
			s.WriteByte('\n')
		}
		for _, expectation := range row.More.Expect {
			fmt.Fprintf(&s, "expected: %s\n", expectation)
		}
		if row.More.FinalURL != "" {
			fmt.Fprintf(&s, "redirected to: %s\n", row.More.FinalURL)
		}
	}
	if row.TraceID != "" {
		fmt.Fprintf(&s, "trace: %s\n", row.TraceID)
	}
	return s.String()
}

// retryResult is how an attempt ended: its status, its error, or both.
func retryResult(retry task.Retry) string {
	if retry.Status == 0 {
		return string(retry.Error)
	}
	status := strconv.Itoa(retry.Status)
	if retry.Error == "" || string(retry.Error) == status {
		return status
	}
	return status + " " + string(retry.Error)
}

func (j junit) open(element string, attributes ...string) {
	j.print("<" + element)
	for i := 0; i < len(attributes); i += 2 {
		j.print(" " + attributes[i] + `="`)
		j.text(attributes[i+1])
		j.print(`"`)
	}
	j.print(">")
}

func (j junit) print(s string) { _, _ = j.w.WriteString(s) }

func (j junit) text(s string) { _, _ = xmlEscapes.WriteString(j.w, strings.Map(xmlChar, s)) }

func junitTime(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
