package task

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// UnmarshalJSON decodes one record. Unknown keys are ignored, since schema v1
// only grows. It is an error when the version is another, seq, id or outcome
// is missing, the outcome is unknown, a number is negative, or a value is null:
// no writer of v1 leaves that behind, and a guess would not be a truthful
// result. After an error r is as it was.
func (r *Record) UnmarshalJSON(data []byte) error {
	if err := refuseNull(data); err != nil {
		return err
	}
	var w wireRecord
	if err := json.Unmarshal(data, &w); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
			return fmt.Errorf("key %q cannot be a %s", wrong.Field, wrong.Value)
		}
		return err
	}
	switch {
	case w.V != 1:
		return fmt.Errorf("schema version %d is not 1", w.V)
	case w.Seq == nil:
		return errors.New("record without a seq")
	case w.ID == "":
		return errors.New("record without an id")
	case !slices.Contains([]Outcome{OK, NotModified, Failed, Unfinished}, w.Outcome):
		return fmt.Errorf("unknown outcome %q", w.Outcome)
	}
	*r = w.record()
	return nil
}

// refuseNull returns an error when a value of the record is null. body and meta
// are others' JSON: what they hold is not looked at.
func refuseNull(data []byte) error {
	if !bytes.Contains(data, []byte("null")) {
		return nil // nearly always, at no cost
	}
	var members map[string]any
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	for key, value := range members {
		if value == nil || key != "body" && key != "meta" && holdsNull(value) {
			return fmt.Errorf("key %q is null or holds null", key)
		}
	}
	return nil
}

func holdsNull(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case []any:
		return slices.ContainsFunc(value, holdsNull)
	case map[string]any:
		for _, member := range value {
			if holdsNull(member) {
				return true
			}
		}
	}
	return false
}
