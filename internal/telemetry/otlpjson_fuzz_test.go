package telemetry

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzAppendString shows that any text is one JSON string, and comes back.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "GET", "a\"b\\", "\x00\x1f\x7f", "\xff\xfe", "ä\u2028", "\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := appendString([]byte("before"), s)
		var got string
		if err := json.Unmarshal(b[len("before"):], &got); err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); got != want {
			t.Errorf("%q came back as %q, want %q", s, got, want)
		}
	})
}
