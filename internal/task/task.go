package task

import (
	"encoding/json"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// Task is one piece of work: a URL (or its mirrors) to fetch, or a command to
// run. It is filled once, by whoever reads the input, and read-only afterwards.
type Task struct {
	Seq int64  // 0-based place in the whole input, also in a shard
	ID  string // identity: the line's own id, else ContentID, with #n for a duplicate

	Method   string   // request method; empty means GET, or POST with a body
	URLs     []string // tried in order; one unless the line lists mirrors
	Exec     []string // argv of a command; exclusive with URLs
	Header   []Field  // headers of this line, in the order given
	Body     []byte   // request body; nil is none
	BodyFile string   // file that holds the body; read when the request is made

	Output   string             // where the body goes; empty is nowhere
	Checksum string             // "sha256:HEX" or "sha512:HEX"; empty is none
	Priority asynccore.Priority // zero value: normal
	Timeout  time.Duration      // the task, waits included; 0 is none
	Retry    *int               // overrides --retry; nil does not
	Expect   *Expect            // overrides --expect and adds to it; nil does not
	Meta     json.RawMessage    // echoed in the record; nil is absent

	Invalid *Error // set for a line that --skip-invalid let through: the task fails with it, unattempted
}

// Field is one header field. Name is as the user wrote it.
type Field struct{ Name, Value string }

// Expect is what a response must be to count as ok, beyond being whole.
type Expect struct {
	Status  string            // list as --expect takes it; empty means the flag's
	Header  map[string]string // field name to regular expression
	Body    string            // regular expression; empty is none
	MaxTime time.Duration     // longest acceptable attempt; 0 is none
}

// URL returns the first URL, or "" for a command.
func (t *Task) URL() string {
	if len(t.URLs) == 0 {
		return ""
	}
	return t.URLs[0]
}

// EffectiveMethod returns the request method with its default filled in: POST
// for a task with a body, else GET. It is "" for a command, and for an invalid
// line of which no URL is known.
func (t *Task) EffectiveMethod() string {
	switch {
	case t.Method != "":
		return t.Method
	case len(t.URLs) == 0:
		return ""
	case t.Body != nil || t.BodyFile != "":
		return "POST"
	}
	return "GET"
}
