package report

import (
	"encoding/xml"
	"strings"
	"testing"
)

// FuzzXML shows that text is escaped as encoding/xml does it.
func FuzzXML(f *testing.F) {
	for _, s := range []string{"", "plain", `<a href="b">'&amp;'</a>`, "\t\r\n", "\x00\x1f\x7f\x85", "\xff\xed\xa0\x80", "\ufffe\uffff\U0010ffff\ud7ff\ue000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var want strings.Builder
		if err := xml.EscapeText(&want, []byte(s)); err != nil {
			t.Fatal(err)
		}
		if got := xmlEscapes.Replace(strings.Map(xmlChar, s)); got != want.String() {
			t.Errorf("%q: %q, want %q", s, got, want.String())
		}
	})
}
