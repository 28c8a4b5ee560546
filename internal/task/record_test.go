package task

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// full has every field, with values that need care: a known zero, microseconds,
// text that must be escaped.
func full() Record {
	return Record{
		Seq: 12, ID: "b3f0c2", Outcome: Failed, Method: "GET", URL: "https://h/x?a=1&sig=REDACTED", FinalURL: "https://m/x", Mirror: 0,
		Status: 503, Protocol: "HTTP/2.0",
		Start:    time.Date(2026, 11, 22, 18, 41, 3, 120_999_999, time.FixedZone("CET", 3600)),
		Duration: 7*time.Second + 410*time.Millisecond, Attempts: 4, Bytes: 91, Resumed: 0, ContentType: "text/plain", Remote: "192.0.2.7:443",
		Timing: Timing{
			Queue: 200 * time.Millisecond, Rate: 0, Backoff: 6100 * time.Millisecond, Breaker: 0, DNS: 10 * time.Millisecond,
			Connect: 20 * time.Millisecond, TLS: 30 * time.Millisecond, FirstByte: 900 * time.Millisecond, Transfer: 4*time.Millisecond + 1500,
		},
		Retries: []Retry{
			{Status: 503, Duration: 310 * time.Millisecond, Wait: 2 * time.Second, Reason: "retry_after"},
			{Error: ErrReset, Duration: time.Microsecond, Wait: 0, Reason: "backoff"},
		},
		Error:      &Error{Type: "503", Message: "503 Service \"Unavailable\"\n\x1b[31m\u202e", Err: errors.New("never written")},
		Output:     &Output{Path: "dir/x.json", Bytes: 91, SHA256: strings.Repeat("0f", 32)},
		Expect:     []string{"status 200", "body"},
		Headers:    []Field{{"etag", `"abc"`}, {"retry-after", "2"}},
		Body:       json.RawMessage(`{"a":[1,null]}`),
		BodyBase64: "AA==", BodyOmitted: "too large", // never together with a body, but each has its key
		ExitCode: 3, Signal: "SIGKILL", StderrTail: "make: *** [x] Error 3\n",
		TraceID: strings.Repeat("a1", 16), SpanID: strings.Repeat("b2", 8), Meta: json.RawMessage(`{"team":"ci"}`),
	}
}

func minimal() Record {
	r := NewRecord(&Task{ID: "i", URLs: []string{"https://h/"}})
	r.Outcome = Unfinished
	return r
}

// The bytes are a promise to scripts that cut and grep them.
func TestGolden(t *testing.T) {
	for name, r := range map[string]Record{"full": full(), "minimal": minimal()} {
		want, err := os.ReadFile("testdata/golden/" + name + ".ndjson")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(r.Append(nil))+"\n"); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRecordRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := records().Draw(t, "record")
		line := r.Append([]byte("prefix"))
		line, ok := bytes.CutPrefix(line, []byte("prefix"))
		if !ok {
			t.Fatalf("Append wrote over what was there")
		}
		checkInert(t, line)
		var got Record
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		want := written(r)
		sameValue(t, "body", &got.Body, &want.Body)
		sameValue(t, "meta", &got.Meta, &want.Meta)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s\n-want +got:\n%s", line, diff)
		}
		if again := got.Append(nil); !bytes.Equal(again, line) {
			t.Fatalf("encoded again:\n%s\nwant:\n%s", again, line)
		}
	})
}

// sameValue compares two JSON values by what they mean, and then makes them
// equal for the comparison of the rest.
func sameValue(t *rapid.T, key string, got, want *json.RawMessage) {
	var g, w any
	for raw, v := range map[*json.RawMessage]*any{got: &g, want: &w} {
		if *raw != nil {
			d := json.NewDecoder(bytes.NewReader(*raw))
			d.UseNumber()
			if err := d.Decode(v); err != nil {
				t.Fatalf("%s: %v: %q", key, err, *raw)
			}
		}
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", key, diff)
	}
	*got = *want
}

// checkInert checks that line is one line of JSON without a character that a
// terminal or an editor acts on.
func checkInert(t *rapid.T, line []byte) {
	if !json.Valid(line) || !utf8.Valid(line) {
		t.Fatalf("not JSON in UTF-8: %q", line)
	}
	for _, r := range string(line) {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff' || unicode.Is(unicode.Bidi_Control, r) {
			t.Fatalf("%U stands unescaped in %q", r, line)
		}
	}
}

// encoding/json writes the same value, from a Record and from a pointer to one.
// It escapes <, > and & besides, which leaves the value alone.
func TestMarshalAgreesWithAppend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := records().Draw(t, "record")
		method, err := r.MarshalJSON()
		if err != nil || !bytes.Equal(method, r.Append(nil)) {
			t.Fatalf("MarshalJSON = %s, %v", method, err)
		}
		for _, v := range []any{r, &r, []Record{r}} {
			data, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&")
			if got := strings.Trim(string(data), "[]"); plain.Replace(got) != plain.Replace(compacted(t, method)) {
				t.Fatalf("json.Marshal(%T) = %s\nwant %s", v, data, method)
			}
		}
	})
}

func compacted(t *rapid.T, data []byte) string {
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAppendSeconds(t *testing.T) {
	tests := []struct {
		d    time.Duration
		want string
	}{
		{Unknown, ""},
		{0, "0"},
		{1, "0"},
		{499, "0"},
		{500, "0.000001"},
		{time.Microsecond, "0.000001"},
		{1500, "0.000002"},
		{10 * time.Microsecond, "0.00001"},
		{time.Millisecond, "0.001"},
		{120 * time.Millisecond, "0.12"},
		{time.Second - 1, "1"},
		{time.Second, "1"},
		{time.Second + time.Microsecond, "1.000001"},
		{90 * time.Minute, "5400"},
		{100*time.Hour + 10*time.Millisecond, "360000.01"},
		{1<<63 - 1, "9223372036.854775"},
		{-2, "0"},
		{-time.Hour, "0"},
		{-1 << 63, "0"},
	}
	for _, tt := range tests {
		if got := string(appendSeconds(nil, "", tt.d)); got != tt.want {
			t.Errorf("%d ns: %q, want %q", tt.d, got, tt.want)
		}
	}
}

func TestAppendString(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", `""`},
		{"a/<b>&'é中𝄞", `"a/<b>&'é中𝄞"`},
		{"\"\\\n\r\t", `"\"\\\n\r\t"`},
		{"\x00\x1b\x7f\b", `"\u0000\u001b\u007f\u0008"`},
		{"a\xffb\xc3", "\"a\ufffdb\ufffd\""},
		{"\ufffd", "\"\ufffd\""},
		{"\xed\xa0\x80", "\"\ufffd\ufffd\ufffd\""}, // a surrogate
		{"\u0080\u009f\u00a0", "\"\\u0080\\u009f\u00a0\""},
		{"\u2027\u2028\u202e\u202f", "\"\u2027\\u2028\\u202e\u202f\""},
		{"\u061c\u200e\u200f\u2066\u2069\ufeff", `"\u061c\u200e\u200f\u2066\u2069\ufeff"`},
	}
	for _, tt := range tests {
		if got := string(appendString(nil, "", tt.in)); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.in, got, tt.want)
		}
	}
}

// What no run leaves behind is still encoded as JSON without null.
func TestAppendOddRecords(t *testing.T) {
	for name, r := range map[string]Record{
		"zero":       {},
		"no values":  {Meta: json.RawMessage("null"), Body: json.RawMessage("null")},
		"empty raw":  {Meta: json.RawMessage{}, Body: json.RawMessage{}},
		"negative":   {Status: -3, Attempts: -1, Bytes: -5, Mirror: -9, ExitCode: -2, Output: &Output{Bytes: -7}},
		"bare retry": {Retries: []Retry{{Duration: Unknown, Wait: Unknown}, {}}},
		"no times": {Timing: Timing{
			Queue: Unknown, Rate: Unknown, Backoff: Unknown, Breaker: Unknown, DNS: Unknown, Connect: Unknown, TLS: Unknown, FirstByte: Unknown, Transfer: Unknown,
		}},
	} {
		line := r.Append(nil)
		if !json.Valid(line) || bytes.Contains(line, []byte("null")) || bytes.Contains(line, []byte(":-")) {
			t.Errorf("%s: %s", name, line)
		}
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	r := full()
	buf := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(1000, func() { buf = r.Append(buf[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
