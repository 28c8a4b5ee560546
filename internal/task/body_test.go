package task

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestSetBody(t *testing.T) {
	tests := []struct {
		name, body string
		claimed    bool
		want       string // the member of the record
	}{
		{"object", `{"a": [1, null],` + "\r\n\t" + `"b":"x  y"}`, true, `"body":{"a":[1,null],"b":"x  y"}`},
		{"number as written", ` 1.50e400 `, true, `"body":1.50e400`},
		{"big integer", `12345678901234567890123`, true, `"body":12345678901234567890123`},
		{"false", `false`, true, `"body":false`},
		{"empty string", `""`, true, `"body":""`},
		{"null", `null`, true, `"body_base64":"bnVsbA=="`},
		{"null with space", "null\n", true, `"body_base64":"bnVsbAo="`},
		{"null as text", `null`, false, `"body":"null"`},
		{"not claimed", `{"a":1}`, false, `"body":"{\"a\":1}"`},
		{"broken JSON", `{"a":`, true, `"body":"{\"a\":"`},
		{"two values", `{}{}`, true, `"body":"{}{}"`},
		{"JSON behind a byte order mark", "\ufeff{}", true, `"body":"\ufeff{}"`},
		{"too deep", strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), true,
			`"body":"` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `"`},
		{"as deep as can be", strings.Repeat("[", 9_999) + strings.Repeat("]", 9_999), true,
			`"body":` + strings.Repeat("[", 9_999) + strings.Repeat("]", 9_999)},
		{"too deep for a member of the record", strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), true,
			`"body":"` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `"`},
		{"empty", "", false, `"body":""`},
		{"empty, claimed", "", true, `"body":""`},
		{"text", "é\x00\"\u2028", false, `"body":"é\u0000\"\u2028"`},
		{"binary", "\xff\x00", false, `"body_base64":"/wA="`},
		{"binary in JSON", "\"\xff\"", true, `"body_base64":"Iv8i"`},
		{"terminal controls in JSON", "{\"a\u009b\x7f\u202e\":1}", true, `"body":{"a\u009b\u007f\u202e":1}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := []byte(tt.body)
			r := Record{ID: "i", Outcome: OK, Body: json.RawMessage("1"), BodyBase64: "MQ==", BodyOmitted: "x"} // of an earlier attempt
			r.SetBody(body, tt.claimed)
			clear(body)
			got := string(r.Append(nil))
			if !strings.Contains(got, ","+tt.want) || strings.Count(got, `"body`) != 1 {
				t.Errorf("record %.300s\nwant %.300s", got, tt.want)
			}
			if !json.Valid([]byte(got)) {
				t.Errorf("not JSON: %.300s", got)
			}
		})
	}
}

// FuzzBody: whatever the body is and claims to be, the record is one line of
// JSON that decodes to a record with the same body.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{"", "null", "{}", `{"a":[1,null,"\ud800"]}`, "é\x00\"\u2028\r\n", "\xff\x00", "\ufeff{}", ` "x" `, "1e400", "\x7f", strings.Repeat("[", 10_000)} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, claimed bool) {
		r := NewRecord(&Task{ID: "i", URLs: []string{"http://h/"}})
		r.Outcome = OK
		r.SetBody(body, claimed)
		line := r.Append(nil)
		if bytes.ContainsAny(line, "\n\r") {
			t.Fatalf("more than one line: %q", line)
		}
		var got Record
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatalf("%v: %.300q", err, line)
		}
		if !sameBody(t, &got, body, claimed) {
			t.Fatalf("body %.300q became %.300q", body, line)
		}
	})
}

func sameBody(t *testing.T, r *Record, body []byte, claimed bool) bool {
	t.Helper()
	if r.BodyBase64 != "" {
		raw, err := base64.StdEncoding.DecodeString(r.BodyBase64)
		return err == nil && r.Body == nil && bytes.Equal(raw, body)
	}
	var text string
	if json.Unmarshal(r.Body, &text) == nil && text == string(body) {
		return true
	}
	return claimed && reflect.DeepEqual(decodeValue(t, r.Body), decodeValue(t, body))
}

// decodeValue keeps numbers as they are written.
func decodeValue(t *testing.T, data []byte) (value any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&value); err != nil {
		t.Fatalf("%v: %.300q", err, data)
	}
	return value
}
