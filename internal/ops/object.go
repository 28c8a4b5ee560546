package ops

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/task"
)

// object is a line that is a JSON object, key by key.
type object struct {
	URL      *string           `json:"url"`
	URLs     []string          `json:"urls"`
	Exec     []string          `json:"exec"`
	Method   string            `json:"method"`
	Headers  map[string]string `json:"headers"`
	Body     *string           `json:"body"`
	JSON     json.RawMessage   `json:"json"`
	BodyFile string            `json:"body_file"`
	Output   string            `json:"output"`
	Checksum string            `json:"checksum"`
	Priority string            `json:"priority"`
	Timeout  *Duration         `json:"timeout"`
	Retry    *int              `json:"retry"`
	Expect   *struct {
		Status  string            `json:"status"`
		Header  map[string]string `json:"header"`
		Body    string            `json:"body"`
		MaxTime *Duration         `json:"max_time"`
	} `json:"expect"`
	ID   string          `json:"id"`
	Meta json.RawMessage `json:"meta"`
}

// Duration is a time span as users write it: a Go duration ("1m30s") or a
// number of seconds, in JSON also a bare number.
type Duration time.Duration

// ParseDuration reads a Go duration, or a bare number as seconds. It must not
// be negative.
func ParseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		seconds, err := strconv.ParseFloat(s, 64)
		if err != nil || math.Abs(seconds) > float64(math.MaxInt64/time.Second) || seconds != seconds {
			return 0, fmt.Errorf("%q is not a duration (90s, 1m30s, or a number of seconds)", s)
		}
		d = time.Duration(seconds * float64(time.Second))
	}
	if d < 0 {
		return 0, fmt.Errorf("duration %q is negative", s)
	}
	return d, nil
}

// UnmarshalJSON accepts a string or a number.
func (d *Duration) UnmarshalJSON(data []byte) error {
	s := string(data)
	if len(data) > 0 && data[0] == '"' {
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
	}
	parsed, err := ParseDuration(s)
	*d = Duration(parsed)
	return err
}

func parseObject(line []byte, checkURL func(string) error) (*task.Task, error) {
	var o object
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&o); err != nil {
		return nil, objectError(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON object")
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	return o.task(checkURL)
}

// objectError takes Go's own terms out of encoding/json's errors.
func objectError(err error) error {
	if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && te.Field != "" {
		return fmt.Errorf("key %q: a JSON %s does not fit", te.Field, te.Value)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("unknown key %s", name)
	}
	return fmt.Errorf("bad JSON: %w", err)
}

// check refuses combinations that have no meaning.
func (o *object) check() error {
	kinds := 0
	for _, given := range []bool{o.URL != nil, o.URLs != nil, o.Exec != nil} {
		if given {
			kinds++
		}
	}
	bodies := 0
	for _, given := range []bool{o.Body != nil, o.JSON != nil, o.BodyFile != ""} {
		if given {
			bodies++
		}
	}
	switch {
	case kinds != 1:
		return errors.New(`one of the keys "url", "urls" and "exec" is needed, and only one`)
	case bodies > 1:
		return errors.New(`only one of the keys "body", "json" and "body_file" may be given`)
	case o.Exec != nil && (len(o.Exec) == 0 || o.Exec[0] == ""):
		return errors.New(`key "exec": no command`)
	case o.Exec != nil && (bodies > 0 || o.Method != "" || o.Headers != nil || o.Expect != nil):
		return errors.New(`key "exec": a command has no method, headers, body or expectations`)
	case slices.ContainsFunc(o.Exec, func(arg string) bool { return strings.IndexByte(arg, 0) >= 0 }):
		return errors.New(`key "exec": no argument can hold a NUL`)
	case o.URLs != nil && len(o.URLs) == 0:
		return errors.New(`key "urls": no URL`)
	case o.Retry != nil && *o.Retry < 0:
		return errors.New(`key "retry": negative`)
	}
	return nil
}

func (o *object) task(checkURL func(string) error) (*task.Task, error) {
	t := &task.Task{
		ID: o.ID, Method: o.Method, URLs: o.URLs, Exec: o.Exec, BodyFile: o.BodyFile,
		Output: o.Output, Checksum: o.Checksum, Retry: o.Retry,
	}
	if o.URL != nil {
		t.URLs = []string{*o.URL}
	}
	for _, raw := range t.URLs {
		if err := checkURL(raw); err != nil {
			return nil, err
		}
	}
	if err := CheckMethod(o.Method); err != nil {
		return nil, fmt.Errorf(`key "method": %w`, err)
	}
	for name, value := range o.Headers {
		if err := CheckField(name, value); err != nil {
			return nil, fmt.Errorf(`key "headers": %w`, err)
		}
		t.Header = append(t.Header, task.Field{Name: name, Value: value})
	}
	slices.SortFunc(t.Header, func(a, b task.Field) int { return strings.Compare(a.Name, b.Name) })
	switch {
	case o.Body != nil:
		t.Body = []byte(*o.Body)
	case o.JSON != nil:
		t.Body = compact(o.JSON)
		t.Header = append(t.Header, task.Field{Name: "Content-Type", Value: "application/json"})
	}
	if o.Priority != "" {
		p, err := asynccore.ParsePriority(o.Priority)
		if err != nil {
			return nil, fmt.Errorf(`key "priority": %w`, err)
		}
		t.Priority = p
	}
	if o.Checksum != "" {
		if _, err := files.ParseChecksum(o.Checksum); err != nil {
			return nil, fmt.Errorf(`key "checksum": %w`, err)
		}
	}
	if o.Timeout != nil {
		t.Timeout = time.Duration(*o.Timeout)
	}
	if o.Meta != nil {
		t.Meta = compact(o.Meta)
	}
	return t, o.expectation(t)
}

// expectation checks the expectations now rather than when the answer is there.
func (o *object) expectation(t *task.Task) error {
	if o.Expect == nil {
		return nil
	}
	t.Expect = &task.Expect{Status: o.Expect.Status, Header: o.Expect.Header, Body: o.Expect.Body}
	if o.Expect.MaxTime != nil {
		t.Expect.MaxTime = time.Duration(*o.Expect.MaxTime)
	}
	if t.Expect.Status != "" {
		if _, err := task.ParseStatusSet(t.Expect.Status); err != nil {
			return fmt.Errorf(`key "expect": %w`, err)
		}
	}
	for name, pattern := range t.Expect.Header {
		if _, err := regexp.Compile(pattern); err != nil {
			return fmt.Errorf(`key "expect": header %q: %w`, name, err)
		}
	}
	if _, err := regexp.Compile(t.Expect.Body); err != nil {
		return fmt.Errorf(`key "expect": body: %w`, err)
	}
	return nil
}

// CheckMethod accepts the empty method and any token (RFC 9110 §9.1).
func CheckMethod(method string) error {
	if method != "" && !httpguts.ValidHeaderFieldName(method) { // a token, both
		return fmt.Errorf("%q is not a request method", method)
	}
	return nil
}

// CheckField accepts what a header field may be (RFC 9110 §5.1, §5.5). It does
// not repeat the value, which may be a secret.
func CheckField(name, value string) error {
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		return fmt.Errorf("%q is not a field name", name)
	case !httpguts.ValidHeaderFieldValue(value):
		return fmt.Errorf("the value of %q holds a control character", name)
	}
	return nil
}

// compact returns valid JSON on one line.
func compact(raw json.RawMessage) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return raw // cannot be: it was just decoded
	}
	return b.Bytes()
}
