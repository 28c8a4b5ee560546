package task

import (
	"bytes"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "testdata", "schema", "specify.result.v1.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(s *jsonschema.Schema, line []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	if err != nil {
		return err
	}
	return s.Validate(value)
}

// Every record that a run can make is what the schema describes. A run always
// knows how long a task took and waited.
func TestRecordsMatchSchema(t *testing.T) {
	s := schema(t)
	rapid.Check(t, func(t *rapid.T) {
		r := records().Draw(t, "record")
		r.Duration = max(0, r.Duration)
		r.Timing.Queue, r.Timing.Rate = max(0, r.Timing.Queue), max(0, r.Timing.Rate)
		r.Timing.Backoff, r.Timing.Breaker = max(0, r.Timing.Backoff), max(0, r.Timing.Breaker)
		line := r.Append(nil)
		if err := validate(s, line); err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
	})
}

// The schema has a name for every key that is written, and no other.
func TestSchemaHasEveryKey(t *testing.T) {
	r := full()
	var record map[string]any
	if err := json.Unmarshal(r.Append(nil), &record); err != nil {
		t.Fatal(err)
	}
	s := schema(t)
	object := func(name string, s *jsonschema.Schema, value any) {
		if diff := cmp.Diff(slices.Sorted(maps.Keys(s.Properties)), slices.Sorted(maps.Keys(value.(map[string]any)))); diff != "" {
			t.Errorf("keys of %s (-schema +record):\n%s", name, diff)
		}
	}
	object("the record", s, record)
	object("timing", s.Properties["timing"], record["timing"])
	object("error", s.Properties["error"], record["error"])
	object("output", s.Properties["output"], record["output"])
	retries := map[string]any{}
	for _, retry := range record["retries"].([]any) {
		maps.Copy(retries, retry.(map[string]any))
	}
	object("retries", s.Properties["retries"].Items2020, retries)
}

func TestSchemaErrorTypes(t *testing.T) {
	s := schema(t)
	for _, kind := range append(slices.Clone(errorTypes), "404", "999") {
		r := minimal()
		r.Outcome, r.Error = Failed, &Error{Type: kind, Message: "m"}
		if err := validate(s, r.Append(nil)); err != nil {
			t.Errorf("%q: %v", kind, err)
		}
	}
	for _, kind := range []ErrorType{"", "unheard of", "DNS", "099", "1000", "50x", " 503"} {
		r := minimal()
		r.Outcome, r.Error = Failed, &Error{Type: kind, Message: "m"}
		if validate(s, r.Append(nil)) == nil {
			t.Errorf("%q passes", kind)
		}
	}
}

// example is the record of CONTRACT.md section 4, its placeholders filled in.
const example = `{"v":1,"seq":12,"id":"b3f0c2d4e5f60718293a4b5c6d7e8f90","outcome":"failed","method":"GET","url":"https://h/x?sig=REDACTED","status":503,"protocol":"HTTP/2.0",
 "start":"2026-11-22T17:41:03.120Z","duration":7.41,"attempts":4,"bytes":91,"content_type":"text/plain","remote":"192.0.2.7:443",
 "timing":{"queue":0.2,"rate":0,"backoff":6.1,"breaker":0,"dns":0.01,"connect":0.02,"tls":0.03,"first_byte":0.9,"transfer":0.004},
 "retries":[{"status":503,"duration":0.31,"wait":2,"reason":"retry_after"}],
 "error":{"type":"503","message":"503 Service Unavailable after 4 attempts"},
 "output":{"path":"x.json","bytes":91,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","meta":{}}`

// The example is valid, and this package reads it and writes it back as it is.
func TestContractExample(t *testing.T) {
	if err := validate(schema(t), []byte(example)); err != nil {
		t.Error(err)
	}
	var r Record
	if err := json.Unmarshal([]byte(example), &r); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(example, "\n ", ""), string(r.Append(nil))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSchemaRefuses(t *testing.T) {
	s := schema(t)
	tests := []struct{ name, old, new string }{
		{"another version", `"v":1`, `"v":2`},
		{"version as text", `"v":1`, `"v":"1"`},
		{"no version", `"v":1,`, ``},
		{"no seq", `"seq":12,`, ``},
		{"negative seq", `"seq":12`, `"seq":-1`},
		{"fraction of a seq", `"seq":12`, `"seq":1.5`},
		{"no duration", `"duration":7.41,`, ``},
		{"negative duration", `"duration":7.41`, `"duration":-1`},
		{"duration as text", `"duration":7.41`, `"duration":"7.41s"`},
		{"no attempts", `"attempts":4,`, ``},
		{"unknown outcome", `"outcome":"failed"`, `"outcome":"error"`},
		{"failed without an error", `"error":{"type":"503","message":"503 Service Unavailable after 4 attempts"},`, ``},
		{"ok with an error", `"outcome":"failed"`, `"outcome":"ok"`},
		{"not modified with an error", `"outcome":"failed"`, `"outcome":"not_modified"`},
		{"error without a message", `,"message":"503 Service Unavailable after 4 attempts"`, ``},
		{"unknown error type", `"type":"503"`, `"type":"http"`},
		{"empty method", `"method":"GET"`, `"method":""`},
		{"null method", `"method":"GET"`, `"method":null`},
		{"null url", `"url":"https://h/x?sig=REDACTED"`, `"url":null`},
		{"null bytes", `"bytes":91,"content`, `"bytes":null,"content`},
		{"null meta", `"meta":{}`, `"meta":null`},
		{"null body", `"meta":{}`, `"body":null`},
		{"null in timing", `"dns":0.01`, `"dns":null`},
		{"no waits", `"queue":0.2,`, ``},
		{"unknown key in timing", `"queue":0.2`, `"queue":0.2,"proxy":1`},
		{"status 0", `"status":503,"protocol"`, `"status":0,"protocol"`},
		{"status as text", `"status":503,"protocol"`, `"status":"503","protocol"`},
		{"local time", `17:41:03.120Z`, `17:41:03.120+01:00`},
		{"start in nanoseconds", `.120Z`, `.120000001Z`},
		{"empty retries", `[{"status":503,"duration":0.31,"wait":2,"reason":"retry_after"}]`, `[]`},
		{"retry without a reason", `,"reason":"retry_after"`, ``},
		{"unknown reason", `"retry_after"`, `"luck"`},
		{"short sha256", `e3b0c4`, `e3b0`},
		{"upper-case sha256", `e3b0c4`, `E3B0C4`},
		{"output without a path", `"path":"x.json",`, ``},
		{"short trace_id", `0af765`, `0af7`},
		{"unknown key", `"meta":{}`, `"meta":{},"extra":1`},
		{"key in another case", `"meta":{}`, `"Meta":{}`},
		{"headers outside the list", `"meta":{}`, `"headers":{"set-cookie":"s"}`},
		{"header names as sent", `"meta":{}`, `"headers":{"ETag":"s"}`},
		{"two bodies", `"meta":{}`, `"body":"x","body_base64":"AA=="`},
		{"body both omitted and there", `"meta":{}`, `"body":"x","body_omitted":"y"`},
		{"base64 and omitted", `"meta":{}`, `"body_base64":"AA==","body_omitted":"y"`},
		{"bad base64", `"meta":{}`, `"body_base64":"A"`},
		{"exit code of a signal", `"meta":{}`, `"exit_code":-1`},
		{"empty expectations", `"meta":{}`, `"expect_failed":[]`},
		{"numbers as expectations", `"meta":{}`, `"expect_failed":[1]`},
	}
	for _, tt := range tests {
		line := strings.Replace(example, tt.old, tt.new, 1)
		if line == example {
			t.Errorf("%s: nothing was changed", tt.name)
		}
		if !json.Valid([]byte(line)) {
			t.Errorf("%s: not JSON, so that nothing was shown", tt.name)
		}
		if validate(s, []byte(line)) == nil {
			t.Errorf("%s passes", tt.name)
		}
	}
	for _, other := range []string{`[]`, `null`, `"x"`, `{}`} {
		if validate(s, []byte(other)) == nil {
			t.Errorf("%s passes", other)
		}
	}
}
