package task

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A reader of v1 reads what later writers of v1 add.
func TestDecodeUnknownKeys(t *testing.T) {
	const line = `{"new":{"a":[{}]},"v":1,"seq":3,"id":"i","outcome":"ok","timing":{"queue":1.5,"moon":2},` +
		`"error_count":0,"headers":{"b":"2","a":"1"},"attempts":1,"retries":[{"shade":"x"}],"meta":{"a":null}}`
	var got Record
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatal(err)
	}
	want := Record{
		Seq: 3, ID: "i", Outcome: OK, Attempts: 1, Duration: -1, Mirror: -1, Bytes: -1, Resumed: -1, ExitCode: -1,
		Timing:  Timing{Queue: 1500 * time.Millisecond, Rate: -1, Backoff: -1, Breaker: -1, DNS: -1, Connect: -1, TLS: -1, FirstByte: -1, Transfer: -1},
		Headers: []Field{{"a", "1"}, {"b", "2"}}, Retries: []Retry{{Duration: -1, Wait: -1}}, Meta: json.RawMessage(`{"a":null}`),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestDecodeErrors(t *testing.T) {
	tests := []struct{ members, want string }{
		{`"v":2,"seq":0,"id":"i","outcome":"ok"`, "schema version 2"},
		{`"seq":0,"id":"i","outcome":"ok"`, "schema version 0"},
		{`"v":1,"id":"i","outcome":"ok"`, "without a seq"},
		{`"v":1,"seq":0,"outcome":"ok"`, "without an id"},
		{`"v":1,"seq":0,"id":"","outcome":"ok"`, "without an id"},
		{`"v":1,"seq":0,"id":"i"`, `unknown outcome ""`},
		{`"v":1,"seq":0,"id":"i","outcome":"fine"`, `unknown outcome "fine"`},
		{`"v":1,"seq":-1,"id":"i","outcome":"ok"`, "-1 is not a count"},
		{`"v":1,"seq":1.5,"id":"i","outcome":"ok"`, "1.5 is not a count"},
		{`"v":1,"seq":"1","id":"i","outcome":"ok"`, `"1" is not a count`},
		{`"v":1,"seq":9223372036854775808,"id":"i","outcome":"ok"`, "is not a count"},
		{`"v":1,"seq":0,"id":7,"outcome":"ok"`, `key "id" cannot be a number`},
		{`"v":1,"seq":0,"id":"i","outcome":"ok","error":{"type":5}`, `key "error.type" cannot be a number`},
		{`"v":1,"seq":0,"id":"i","outcome":"ok","duration":-0.5`, "-0.5 is not a time"},
		{`"v":1,"seq":0,"id":"i","outcome":"ok","duration":1e300`, "1e300 is not a time"},
		{`"v":1,"seq":0,"id":"i","outcome":"ok","duration":"1s"`, `"1s" is not a time`},
		{`"v":1,"seq":0,"id":"i","outcome":"ok","start":"yesterday"`, "yesterday"},
		{`"v":1,"seq":0,"id":"i","outcome":"ok","output":{"bytes":-1}`, "-1 is not a count"},
		{`"v":1,"seq":0,"id":"i","outcome":"ok"]`, "invalid character"},
	}
	for _, key := range []string{"url", "duration", "status", "start", "bytes", "timing", "retries", "error", "output", "expect_failed", "headers", "body", "meta", "unknown"} {
		tests = append(tests, struct{ members, want string }{`"v":1,"seq":0,"id":"i","outcome":"ok","` + key + `":null`, `"` + key + `" is null`})
	}
	for _, nested := range []string{`"timing":{"queue":null}`, `"retries":[null]`, `"retries":[{"wait":null}]`, `"error":{"type":"dns","message":null}`, `"headers":{"etag":null}`, `"expect_failed":[null]`} {
		key, _, _ := strings.Cut(nested, ":")
		tests = append(tests, struct{ members, want string }{`"v":1,"seq":0,"id":"i","outcome":"ok",` + nested, key + " is null or holds null"})
	}
	for _, tt := range tests {
		before := full()
		r := before
		err := json.Unmarshal([]byte("{"+tt.members+"}"), &r)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("{%s}: error %v, want one with %q", tt.members, err, tt.want)
		}
		if diff := cmp.Diff(before, r, cmp.Comparer(func(a, b *Error) bool { return a == b })); diff != "" {
			t.Errorf("{%s}: the record was touched:\n%s", tt.members, diff)
		}
	}
	for _, other := range []string{"null", "[]", `"x"`, "1"} {
		if err := json.Unmarshal([]byte(other), new(Record)); err == nil {
			t.Errorf("%s was taken for a record", other)
		}
	}
}

// A string "null", or one within the body, is no null.
func TestDecodeNullLookalikes(t *testing.T) {
	line := `{"v":1,"seq":0,"id":"null","outcome":"ok","url":"https://h/null","body":[null,{"a":null}],"error":{"type":"dns","message":"null"}}`
	if err := json.Unmarshal([]byte(line), new(Record)); err != nil {
		t.Error(err)
	}
}

// Whatever decodes is encoded to what decodes to the same.
func FuzzDecode(f *testing.F) {
	a, b := full(), minimal()
	f.Add(a.Append(nil))
	f.Add(b.Append(nil))
	f.Add([]byte(`{"v":1,"seq":0,"id":"i","outcome":"ok","body":"\ud800","meta":[" \u2028"],"start":"2026-01-02T03:04:05+01:00","duration":1e9}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var first Record
		if json.Unmarshal(data, &first) != nil {
			return
		}
		line := first.Append(nil)
		var second Record
		if err := json.Unmarshal(line, &second); err != nil {
			t.Fatalf("%v: %q, from %q", err, line, data)
		}
		if again := second.Append(nil); string(again) != string(line) {
			t.Errorf("%q\nthen %q", line, again)
		}
	})
}
