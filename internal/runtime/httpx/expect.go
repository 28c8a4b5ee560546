package httpx

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// expectWindow is how much of a decoded body an expectation sees, from its
// start: what is looked for in a page stands there, and memory stays bounded.
const expectWindow = 1 << 20

// ExpectError is a whole answer that is not what its line expects. It is never
// tried again: the server has given its answer.
type ExpectError struct {
	Failed []string // "status", "header NAME", "body", "max_time"
	Reason string
}

func (e *ExpectError) Error() string { return e.Reason }

// ErrorType is expect.
func (e *ExpectError) ErrorType() string { return string(task.ErrExpect) }

// expectation holds a task's answer against what its line expects.
type expectation struct {
	want   *task.Expect
	body   *regexp.Regexp // nil is none
	header http.Header    // of the last answer
	window []byte         // of the body so far; only with body
}

// expecting readies the task's expectations. Those of its status go over the
// flag's, and so decide what is tried again.
func (ex *exchange) expecting(want *task.Expect) error {
	e := &expectation{want: want}
	var err error
	if want.Status != "" {
		var set task.StatusSet
		set, err = task.ParseStatusSet(want.Status)
		ex.spec.Accept = set.Has
	}
	if err == nil && want.Body != "" {
		e.body, err = regexp.Compile(want.Body)
	}
	if err != nil { // cannot be: the line was checked
		return &InputError{fmt.Errorf("expect: %w", err)}
	}
	ex.expect = e
	return nil
}

// see takes the bytes of the body that stand at offset. An attempt that begins
// the body anew, or goes on with it, sees to it by its offsets.
func (e *expectation) see(offset int64, p []byte) {
	if e.body != nil && offset < expectWindow {
		e.window = append(e.window[:offset], p[:min(int64(len(p)), expectWindow-offset)]...)
	}
}

// judge returns what the task ends with, given what its last attempt ended
// with, and notes in the record what was not met.
func (e *expectation) judge(ex *exchange, err error) error {
	if unwanted, ok := errors.AsType[*StatusError](err); ok && e.want.Status != "" {
		ex.rec.Expect = []string{"status"}
		if unwanted.Status < http.StatusBadRequest { // no error but for being another than expected
			return &ExpectError{ex.rec.Expect, fmt.Sprintf("status %d, expected %s", unwanted.Status, e.want.Status)}
		}
	}
	if err != nil {
		return err
	}
	failed, err := e.unmet(ex.rec.Bytes, ex.spent)
	if err != nil || failed == nil {
		return err
	}
	ex.rec.Expect = failed
	return &ExpectError{failed, "not as expected: " + strings.Join(failed, ", ")}
}

// unmet lists the expectations that a whole answer did not meet: its body was
// so long, and it took so long on the wire.
func (e *expectation) unmet(length int64, took time.Duration) (failed []string, err error) {
	for _, name := range slices.Sorted(maps.Keys(e.want.Header)) {
		pattern, err := regexp.Compile(e.want.Header[name])
		if err != nil { // cannot be: the line was checked
			return nil, &InputError{fmt.Errorf("expect: header %q: %w", name, err)}
		}
		if !slices.ContainsFunc(e.header.Values(name), pattern.MatchString) {
			failed = append(failed, "header "+name)
		}
	}
	if e.body != nil && !e.body.Match(e.window[:min(int64(len(e.window)), max(0, length))]) {
		failed = append(failed, "body")
	}
	if e.want.MaxTime > 0 && took > e.want.MaxTime {
		failed = append(failed, "max_time")
	}
	return failed, nil
}
