package ops

import (
	"math"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// Tally is what the records of a run amount to. The zero value is that of an
// empty run. It is not safe for concurrent use.
type Tally struct {
	Tasks, OK, NotModified, Failed, Unfinished int64

	Skipped    int64 // not run and in no other count: an earlier run had completed them
	Retries    int64
	Bytes      int64 // decoded
	Integrity  int64 // failed for a checksum or a certificate
	Unanswered int64 // failed without any answer
	Output     int64 // failed because nothing could be written here
	Early      int64 // unfinished for --fail-early
}

// Add counts one record.
func (t *Tally) Add(r *task.Record) {
	t.Tasks++
	t.Retries += int64(max(0, r.Attempts-1)) // r.Retries has also what was not tried again after all
	t.Bytes += max(0, r.Bytes)
	switch r.Outcome {
	case task.OK:
		t.OK++
	case task.NotModified:
		t.NotModified++
	case task.Unfinished:
		t.Unfinished++
		if r.Error != nil && r.Error.Message == ErrFailEarly.Error() { // all that is left of it in a results file
			t.Early++
		}
	case task.Failed:
		t.Failed++
		if r.Error == nil {
			return
		}
		switch kind := r.Error.Type; {
		case kind.Integrity():
			t.Integrity++
		case kind == task.ErrOutput:
			t.Output++
		case kind.Unanswered() && r.Status == 0:
			t.Unanswered++
		}
	}
}

// Verdict is what a run tells its caller, in the order of precedence of the
// exit statuses.
type Verdict uint8

// The verdicts.
const (
	Passed     Verdict = iota // all ok or not modified, or within what was allowed
	Failed                    // a task failed, and something answered
	Unanswered                // no target answered at all
	Deadline                  // the deadline came with work left
	Integrity                 // a checksum or a certificate failed
	LocalIO                   // an output or a result could not be written
)

// Allow is how many failed tasks a run forgives.
type Allow struct {
	Count   int64   // at most so many
	Percent float64 // or so many of a hundred, when not 0
}

// Verdict sums the tally up.
func (t *Tally) Verdict(allow Allow) Verdict {
	limit := allow.Count
	if allow.Percent > 0 {
		limit = int64(math.Floor(allow.Percent / 100 * float64(t.Tasks+t.Skipped)))
	}
	switch {
	case t.Output > 0:
		return LocalIO
	case t.Integrity > 0:
		return Integrity
	case t.Unfinished > t.Early:
		return Deadline
	case t.Failed <= limit:
		return Passed
	case t.Unanswered == t.Tasks-t.Early && t.Skipped == 0:
		return Unanswered
	}
	return Failed
}

// Summary is a whole run.
type Summary struct {
	Tally
	Elapsed time.Duration
	Verdict Verdict
}
