package task

import (
	"encoding/json"
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
