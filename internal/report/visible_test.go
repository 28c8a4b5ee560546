package report

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestVisible(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"plain text", "https://example.com/ä?q=日本", "https://example.com/ä?q=日本"},
		{"empty", "", ""},
		{"ANSI escape", "\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		{"C1 control", "a\u009bb", `a\u009bb`},
		{"line breaks", "a\r\nb\tc\u2028d", `a\r\nb\tc\u2028d`},
		{"NUL and DEL", "\x00\x7f", `\x00\x7f`},
		{"right-to-left override", "gpj.\u202eexe", `gpj.\u202eexe`},
		{"isolates", "\u2066x\u2069", `\u2066x\u2069`},
		{"zero width", "a\u200bb\ufeff", `a\u200bb\ufeff`},
		{"tag characters", "a\U000E0041", `a\U000e0041`},
		{"not UTF-8", "a\xffb\xc3", `a\xffb\xc3`},
		{"replacement character itself", "a\ufffdb", "a\ufffdb"},
		{"noncharacter", "\uffff", `\uffff`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Visible(test.in); got != test.want {
				t.Errorf("Visible(%q) = %q, want %q", test.in, got, test.want)
			}
		})
	}
	if got, want := visibleLines("a\r\nb\nc\x1b\rd"), "a\nb\nc\\x1b\\rd"; got != want {
		t.Errorf("visibleLines = %q, want %q", got, want)
	}
}

func TestVisibleAllocatesNothingForPlainText(t *testing.T) {
	text := strings.Repeat("https://example.com/ä/", 10)
	if n := testing.AllocsPerRun(100, func() { Visible(text) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func FuzzVisible(f *testing.F) {
	f.Add("\x1b[0m\u202e<script>")
	f.Add("a\xf0\x28b\u2029")
	f.Fuzz(func(t *testing.T, s string) {
		got := Visible(s)
		for _, r := range got {
			if !strconv.IsPrint(r) {
				t.Fatalf("Visible(%q) = %q: %q is not printable", s, got, r)
			}
		}
		if !utf8.ValidString(got) {
			t.Fatalf("Visible(%q) = %q is not UTF-8", s, got)
		}
		if Visible(got) != got {
			t.Fatalf("Visible(%q) changes when applied again", s)
		}
	})
}

func TestShorten(t *testing.T) {
	for _, test := range []struct {
		in    string
		limit int
		want  string
	}{
		{"short", 5, "short"},
		{"longer", 5, "lo…"},
		{"ääää", 6, "ä…"},
	} {
		if got := shorten(test.in, test.limit); got != test.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", test.in, test.limit, got, test.want)
		}
	}
}
