package journal

import (
	"errors"
	"fmt"
	"strconv"
)

// What a record's outcome may be (CONTRACT.md section 4).
const (
	outcomeOK          = "ok"
	outcomeNotModified = "not_modified"
	outcomeFailed      = "failed"
	outcomeUnfinished  = "unfinished"
)

var (
	errNoObject = errors.New("not a JSON object")
	errMore     = errors.New("text after the JSON value")
	errNotUTF8  = errors.New("invalid UTF-8")
)

// Entry is what resuming needs of one record. Its strings are copies and may
// be kept.
type Entry struct {
	ID          string // the task's identity
	Outcome     string // ok, not_modified, failed or unfinished
	OutputPath  string // empty if the task wrote no output
	OutputBytes int64  // -1 if the record names no size
	Seq         int64  // the task's place in the input, from 0; -1 if the record has none
	Line        int    // in the file, from 1

	// Sum tells this line from others; it is zero where the task is done.
	Sum [16]byte
}

func (e *Entry) done() bool { return e.Outcome == outcomeOK || e.Outcome == outcomeNotModified }

// decode reads the entry of one line. The error is a *syntaxError where the
// line may be a torn one. Keys are compared exactly, the
// last of a repeated key counts, unknown keys may hold anything; a wrong type
// or null in a known one is damage, not something to guess around.
func decode(line []byte) (Entry, error) {
	var version, id, outcome, seq, output []byte
	err := object(line, func(key, value []byte) {
		switch string(key) {
		case "v":
			version = value
		case "id":
			id = value
		case "outcome":
			outcome = value
		case "seq":
			seq = value
		case "output":
			output = value
		}
	})
	if err != nil {
		return Entry{}, err
	}
	if version != nil && string(version) != "1" { // what it means by ok is not known here
		return Entry{}, fmt.Errorf("schema version %.40s is not 1", version)
	}
	e := Entry{OutputBytes: -1, Seq: -1}
	if !isString(id) {
		return Entry{}, errors.New(`no string "id"`)
	}
	e.ID = string(unquote(id))
	if e.Outcome, err = knownOutcome(outcome); err != nil {
		return Entry{}, err
	}
	if seq != nil {
		if e.Seq, err = count("seq", seq); err != nil {
			return Entry{}, err
		}
	}
	if output != nil {
		err = e.readOutput(output)
	}
	return e, err
}

func (e *Entry) readOutput(value []byte) error {
	var path, size []byte
	err := object(value, func(key, value []byte) {
		switch string(key) {
		case "path":
			path = value
		case "bytes":
			size = value
		}
	})
	if err != nil {
		return fmt.Errorf(`"output": %w`, err)
	}
	if path != nil {
		if !isString(path) {
			return errors.New(`"output.path" is not a string`)
		}
		e.OutputPath = string(unquote(path))
	}
	if size != nil {
		e.OutputBytes, err = count("output.bytes", size)
	}
	return err
}

// isString reports whether a value that the scanner has passed is a string;
// nil, for an absent member, is not.
func isString(value []byte) bool { return len(value) > 0 && value[0] == '"' }

// knownOutcome returns a constant: a run has a million of them.
func knownOutcome(value []byte) (string, error) {
	if !isString(value) {
		return "", errors.New(`no string "outcome"`)
	}
	switch text := unquote(value); string(text) {
	case outcomeOK:
		return outcomeOK, nil
	case outcomeNotModified:
		return outcomeNotModified, nil
	case outcomeFailed:
		return outcomeFailed, nil
	case outcomeUnfinished:
		return outcomeUnfinished, nil
	default:
		return "", fmt.Errorf("unknown outcome %.40q", text)
	}
}

// count reads an integer that cannot be negative.
func count(key string, value []byte) (int64, error) {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a count: %.40s", key, value)
	}
	return n, nil
}
