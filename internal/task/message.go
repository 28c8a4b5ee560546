package task

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// messageVersion is that of the encoding of tasks for other machines. A reader
// refuses a newer one: what it says of a task may change what is to be done.
const messageVersion = 1

// NewerError is a task that a newer version of this program has encoded.
type NewerError struct{ Version int }

func (e *NewerError) Error() string {
	return fmt.Sprintf("a task of version %d, and this specify reads version %d: it needs the newer specify", e.Version, messageVersion)
}

// message is the shape of a task for other machines.
type message struct {
	V        int             `json:"v"`
	Seq      int64           `json:"seq"`
	ID       string          `json:"id"`
	Method   string          `json:"method,omitempty"`
	URLs     []string        `json:"urls,omitempty"`
	Exec     []string        `json:"exec,omitempty"`
	Header   [][2]string     `json:"header,omitempty"`
	Body     []byte          `json:"body,omitzero"` // an empty one is not none
	Output   string          `json:"output,omitempty"`
	Checksum string          `json:"checksum,omitempty"`
	Priority string          `json:"priority"`
	Timeout  time.Duration   `json:"timeout,omitempty"` // nanoseconds
	Retry    *int            `json:"retry,omitempty"`
	Expect   *messageExpect  `json:"expect,omitempty"`
	Meta     json.RawMessage `json:"meta,omitempty"`
}

type messageExpect struct {
	Status  string            `json:"status,omitempty"`
	Header  map[string]string `json:"header,omitempty"`
	Body    string            `json:"body,omitempty"`
	MaxTime time.Duration     `json:"max_time,omitempty"` // nanoseconds
}

// Message encodes the task for another machine. Neither BodyFile, which is of
// use on this one alone, nor Invalid is in it.
func (t *Task) Message() ([]byte, error) {
	m := message{
		V: messageVersion, Seq: t.Seq, ID: t.ID, Method: t.Method, URLs: t.URLs, Exec: t.Exec, Body: t.Body, Output: t.Output,
		Checksum: t.Checksum, Priority: t.Priority.String(), Timeout: t.Timeout, Retry: t.Retry, Expect: (*messageExpect)(t.Expect), Meta: t.Meta,
	}
	for _, f := range t.Header {
		m.Header = append(m.Header, [2]string{f.Name, f.Value})
	}
	return json.Marshal(m)
}

// ParseMessage decodes what Message has encoded. The error is a *NewerError for
// a newer version's.
func ParseMessage(data []byte) (*Task, error) {
	var of struct {
		V int `json:"v"`
	}
	if err := json.Unmarshal(data, &of); err != nil {
		return nil, fmt.Errorf("not a task: %w", err)
	}
	if of.V > messageVersion {
		return nil, &NewerError{of.V}
	}
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("not a task: %w", err)
	}
	if m.V != messageVersion || m.ID == "" || m.Seq < 0 || (len(m.URLs) == 0) == (len(m.Exec) == 0) {
		return nil, fmt.Errorf("not a task: no version, identity, place, URL or command")
	}
	priority, err := asynccore.ParsePriority(m.Priority)
	if err != nil {
		return nil, fmt.Errorf("not a task: %w", err)
	}
	t := &Task{
		Seq: m.Seq, ID: m.ID, Method: m.Method, URLs: m.URLs, Exec: m.Exec, Body: m.Body, Output: m.Output,
		Checksum: m.Checksum, Priority: priority, Timeout: m.Timeout, Retry: m.Retry, Expect: (*Expect)(m.Expect), Meta: m.Meta,
	}
	for _, f := range m.Header {
		t.Header = append(t.Header, Field{f[0], f[1]})
	}
	return t, nil
}
