package telemetry

import "testing"

func TestOneLine(t *testing.T) {
	long := make([]byte, 2*maxWarning)
	for i := range long {
		long[i] = 'x'
	}
	for in, want := range map[string]string{
		"plain":              "plain",
		"a\x1b[31m\r\nb":     "a [31m  b",
		"\u0085c1":           " c1",
		"ä":                  "ä",
		"a\u202eb\u2066\xff": "a b \ufffd",
		string(long):         string(long[:maxWarning]) + "...",
		string(long[:300]):   string(long[:300]),
	} {
		if got := oneLine(in); got != want {
			t.Errorf("oneLine(%q) = %q, want %q", in, got, want)
		}
	}
}
