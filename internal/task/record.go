package task

import (
	"encoding/json"
	"time"
)

// Outcome is how a task ended.
type Outcome string

// The outcomes of schema v1.
const (
	OK          Outcome = "ok"
	NotModified Outcome = "not_modified" // the cached copy was still fresh, or was answered 304
	Failed      Outcome = "failed"
	Unfinished  Outcome = "unfinished" // deadline or signal; 0 or more attempts
)

// Good reports whether the outcome counts as success.
func (o Outcome) Good() bool { return o == OK || o == NotModified }

// Unknown marks a duration or a count that is not known or does not apply. It
// is left out of the encoded record; a known zero is written. A decoded record
// has it wherever a number was absent.
const Unknown = -1

// Record is the truthful result of one task, schema specify.result v1.
// NewRecord gives one with every optional number Unknown; the zero value would
// claim zeros that nobody measured.
type Record struct {
	Seq      int64
	ID       string
	Outcome  Outcome
	Method   string // empty for a command
	URL      string // redacted; empty for a command
	FinalURL string // redacted; where redirects led, empty when they did not
	Mirror   int    // index of the mirror that was used; Unknown without mirrors
	Status   int    // 0: no answer
	Protocol string // as "HTTP/2.0"

	Start       time.Time // when the task was admitted
	Duration    time.Duration
	Attempts    int
	Bytes       int64 // of the decoded body; Unknown when there was none to count
	Resumed     int64 // bytes that an earlier transfer had left; Unknown when none
	ContentType string
	Remote      string // ADDR:PORT that answered last
	Timing      Timing
	Retries     []Retry
	Error       *Error
	Output      *Output
	Expect      []string // expectations that were not met, for error.type "expect"
	Headers     []Field  // allow-listed response fields; names in lower case, each once (RFC 9110 §5.2 joins lines)

	Body        json.RawMessage // with --inline-body, set by SetBody: valid JSON, not null; nil is none
	BodyBase64  string
	BodyOmitted string // why there is none

	ExitCode   int // Unknown for a URL, and for a command that a signal ended
	Signal     string
	StderrTail string

	TraceID, SpanID string
	Meta            json.RawMessage // valid JSON; nil or null is none
}

// Timing tells where the time of a task went, all attempts together. The parts
// add up to the record's duration. Queue, Rate, Backoff and Breaker are waits
// that hold no slot; the others are Unknown when no attempt got that far (a
// reused connection has no dns, connect or tls).
type Timing struct {
	Queue     time.Duration // for a slot, or for the origin's concurrency limit
	Rate      time.Duration // for --rate or --rate-host
	Backoff   time.Duration // between attempts, Retry-After included
	Breaker   time.Duration // for an open breaker
	DNS       time.Duration
	Connect   time.Duration
	TLS       time.Duration
	FirstByte time.Duration // from the connection to the first byte of the answer
	Transfer  time.Duration // from the first byte to the end of the body, written and verified
}

// Retry is one attempt that did not settle the task.
type Retry struct {
	Status   int // 0: no answer
	Error    ErrorType
	Duration time.Duration
	Wait     time.Duration // the pause that followed
	Reason   string        // what set the pause: "backoff" or "retry_after"; "mirror": the next one was tried
}

// Output is the file that a body went to.
type Output struct {
	Path   string // as named by the user, or below --output-dir
	Bytes  int64
	SHA256 string // hex; empty when not computed
}

// NewRecord returns a Record for t that claims nothing yet.
func NewRecord(t *Task) (r Record) {
	r.Reset(t)
	return r
}

// Reset makes r what NewRecord returns, in the memory that it has.
func (r *Record) Reset(t *Task) {
	headers := r.Headers[:0] // most answers have two
	*r = Record{}
	r.Headers = headers
	r.Seq, r.ID, r.Method, r.URL, r.Meta = t.Seq, t.ID, t.EffectiveMethod(), RedactURL(t.URL()), t.Meta
	r.Mirror, r.Bytes, r.Resumed, r.ExitCode = Unknown, Unknown, Unknown, Unknown
	r.Timing.DNS, r.Timing.Connect, r.Timing.TLS, r.Timing.FirstByte, r.Timing.Transfer = Unknown, Unknown, Unknown, Unknown, Unknown
}
