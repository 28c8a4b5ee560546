package report

import (
	"strings"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// Row is what a report keeps of a task.Record: half of its size, so that a
// million fit. Every string is visible text: printable, on one line (StderrTail
// alone has line feeds), but not escaped for any format.
type Row struct {
	Seq         int64
	ID          string
	URL         string // empty for a command
	Outcome     task.Outcome
	Method      string
	Protocol    string
	ContentType string
	Remote      string
	Output      string // path of the file that the body went to
	TraceID     string
	Status      int // 0: no answer
	Attempts    int
	Origin      int           // index in Report.Origins
	Bytes       int64         // task.Unknown when not known
	Start       time.Time     // zero when not known
	Duration    time.Duration // 0 when not known
	Phases      [phases]time.Duration
	More        *More // nil for most rows
}

// More is what only few rows have.
type More struct {
	FinalURL   string
	ErrorType  task.ErrorType // empty: no error
	Message    string
	Retries    []task.Retry
	Expect     []string
	Mirror     int   // task.Unknown without mirrors
	Resumed    int64 // bytes; task.Unknown when none
	ExitCode   int   // task.Unknown for a URL
	Signal     string
	StderrTail string
}

// texts makes the strings of records visible, and keeps one copy of those that
// repeat from task to task.
type texts map[string]string

func (t texts) shared(s string) string {
	if s == "" {
		return ""
	}
	if kept, ok := t[s]; ok {
		return kept
	}
	t[s] = Visible(s)
	return t[s]
}

func (t texts) row(rec *task.Record) *Row {
	row := &Row{
		Seq: rec.Seq, ID: Visible(rec.ID), URL: Visible(rec.URL), Outcome: rec.Outcome,
		Method: t.shared(rec.Method), Protocol: t.shared(rec.Protocol),
		ContentType: t.shared(rec.ContentType), Remote: t.shared(rec.Remote),
		TraceID: Visible(rec.TraceID), Status: rec.Status, Attempts: max(0, rec.Attempts), Bytes: rec.Bytes,
		Start: rec.Start, Duration: max(0, rec.Duration), Phases: phasesOf(rec),
	}
	if rec.Output != nil {
		row.Output = Visible(rec.Output.Path)
	}
	more := More{
		FinalURL: Visible(rec.FinalURL), Mirror: rec.Mirror, Resumed: rec.Resumed,
		ExitCode: rec.ExitCode, Signal: Visible(rec.Signal), StderrTail: visibleLines(rec.StderrTail),
	}
	if rec.Error != nil {
		more.ErrorType = task.ErrorType(t.shared(string(rec.Error.Type)))
		more.Message = t.shared(rec.Error.Message)
	}
	for _, retry := range rec.Retries {
		retry.Error = task.ErrorType(t.shared(string(retry.Error)))
		retry.Reason = t.shared(retry.Reason)
		more.Retries = append(more.Retries, retry)
	}
	for _, expectation := range rec.Expect {
		more.Expect = append(more.Expect, Visible(expectation))
	}
	if !more.empty() {
		row.More = &more
	}
	return row
}

func (m *More) empty() bool {
	return m.FinalURL == "" && m.ErrorType == "" && m.Message == "" && m.Retries == nil && m.Expect == nil &&
		m.Mirror == task.Unknown && m.Resumed == task.Unknown && m.ExitCode == task.Unknown &&
		m.Signal == "" && m.StderrTail == ""
}

// Name is what a reader knows the task by: its URL, or the id of a command.
func (row *Row) Name() string {
	if row.URL != "" {
		return row.URL
	}
	return row.ID
}

// Latency is the time from the first attempt to the end: all attempts and the
// waits that the origin caused, without the waits that this run imposed on
// itself (Queue, Rate). It is meaningful when Attempts is not 0.
func (row *Row) Latency() time.Duration {
	return max(0, row.Duration-row.Phases[Queue]-row.Phases[Rate])
}

// message says why the task did not end well, in one line.
func (row *Row) message() string {
	switch {
	case row.More != nil && row.More.Message != "":
		return row.More.Message
	case row.More != nil && row.More.ErrorType != "":
		return string(row.More.ErrorType)
	}
	return string(row.Outcome)
}

// errorType is the record's error.type, or the outcome when it has none.
func (row *Row) errorType() string {
	if row.More != nil && row.More.ErrorType != "" {
		return string(row.More.ErrorType)
	}
	return string(row.Outcome)
}

// took says how long the task took, and on what it waited when a wait was more
// than half of it: "7.4s (6.1s waiting on Retry-After)". It is empty for a task
// that took no time, such as a line that was never a task.
func (row *Row) took() string { return took(row.Duration, &row.Phases) }

func took(d time.Duration, spent *[phases]time.Duration) string {
	if d <= 0 {
		return ""
	}
	which, _ := longest(spent, Queue, RetryAfter)
	wait := spent[which]
	if wait <= d/2 || wait < 100*time.Millisecond { // nobody looks for a shorter one
		return showDuration(d)
	}
	return showDuration(d) + " (" + showDuration(wait) + " " + phaseTexts[which].doing + ")"
}

// failure is the line that tells a failure: what, why, and how long it took.
func (row *Row) failure(name, message string) string {
	if took := row.took(); took != "" {
		message += " in " + took
	}
	return name + ": " + message
}

// Name is what a reader knows a record's task by, for a terminal or a log.
func Name(rec *task.Record) string {
	if rec.URL == "" {
		return InLog(rec.ID)
	}
	return InLog(rec.URL)
}

// Failure tells in one line why a task failed, how long that took and on what it
// waited, for a terminal or a log:
//
//	503 Service Unavailable after 4 attempts in 7.4s (6.1s waiting on Retry-After)
//
// Of a task that never got to an attempt, only a wait worth telling is told.
func Failure(rec *task.Record) string {
	message := string(rec.Outcome)
	if rec.Error != nil {
		message = InLog(strings.ReplaceAll(rec.Error.Message, "\n", " "))
	}
	began := rec.Attempts > 0 && (rec.Error == nil || rec.Error.Type != task.ErrStart)
	if !began && rec.Duration < 100*time.Millisecond {
		return message
	}
	spent := phasesOf(rec)
	if took := took(rec.Duration, &spent); took != "" {
		message += " in " + took
	}
	return message
}
