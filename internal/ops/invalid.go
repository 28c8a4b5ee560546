package ops

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"unicode/utf8"

	"github.com/specify-cli/specify/internal/runtime/lists"
	"github.com/specify-cli/specify/internal/task"
)

// refuse says of a line that cannot be used what is wrong with it: as the error
// that ends the input or, with --skip-invalid, as a task that fails with it.
func (in *input) refuse(line lists.Line, err error) (*task.Task, error) {
	wrong := &InputError{Place: line.Place.String(), Err: err}
	if !in.skipInvalid {
		return nil, wrong
	}
	t := &task.Task{Invalid: &task.Error{Type: task.ErrInput, Message: clip(wrong.Error()), Err: wrong}}
	text := bytes.TrimSpace(line.Text)
	var known struct {
		ID   string          `json:"id"`
		Meta json.RawMessage `json:"meta"`
	}
	if line.Err == nil && json.Unmarshal(text, &known) == nil {
		t.ID = known.ID
		if known.Meta != nil {
			t.Meta = compact(known.Meta)
		}
	}
	if t.ID == "" {
		t.ID = invalidID(text)
	}
	return t, nil
}

// invalidID is the identity of a line that no task can be made of and that does
// not name one: a hash of its text, so that the record of a later run replaces
// that of an earlier one wherever the line stands by then. Of a line that is
// too long the beginning counts.
func invalidID(text []byte) string {
	h := sha256.New()
	h.Write([]byte("specify: a line that is no task\n")) // no ContentID begins so
	h.Write(text)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// clip keeps a message short that repeats what a line of a megabyte holds.
func clip(message string) string {
	const most = 500 // bytes
	if len(message) <= most {
		return message
	}
	end := most
	for !utf8.RuneStart(message[end]) {
		end--
	}
	return message[:end] + "…"
}
