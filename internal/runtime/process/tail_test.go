package process

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTail(t *testing.T) {
	for _, test := range []struct {
		name   string
		limit  int
		writes []string
		want   string
	}{
		{"nothing", 8, nil, ""},
		{"all of it", 8, []string{"abc", "def"}, "abcdef"},
		{"exactly", 6, []string{"abc", "def"}, "abcdef"},
		{"the end", 4, []string{"abc", "def"}, "cdef"},
		{"the end of one write", 4, []string{"abcdef"}, "cdef"},
		{"many writes", 4, strings.Split("the quick brown fox", ""), " fox"},
		{"cut within a character", 4, []string{"aé€b"}, "€b"},
		{"cut at a character", 4, []string{"aab€"}, "b€"},
		{"cut within the last", 3, []string{"a\U0001f600"}, ""},
		{"character across writes", 8, []string{"a\xe2\x82", "\xac"}, "a€"},
		{"character unfinished", 8, []string{"ab\xe2\x82"}, "ab"},
		{"invalid", 8, []string{"a\xffb"}, "a\uFFFDb"},
		{"a continuation byte that nothing was cut off", 8, []string{"\x82b"}, "\uFFFDb"},
		{"invalid grows over the limit", 4, []string{"a\xffb\xff"}, "b\uFFFD"},
		{"not UTF-8 at all", 4, []string{strings.Repeat("\x82", 20)}, "\uFFFD"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tail := tail{limit: test.limit}
			for _, w := range test.writes {
				tail.write([]byte(w))
			}
			if got := string(tail.text()); got != test.want {
				t.Errorf("text = %q, want %q", got, test.want)
			}
		})
	}
}

// However it is written, a tail is short, valid, and for valid input nothing
// but the end of it.
func FuzzTail(f *testing.F) {
	f.Add([]byte("aé€\U0001f600"), uint8(5), uint8(2))
	f.Add([]byte("a\xff\xe2\x82"), uint8(3), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, limit, piece uint8) {
		tail := tail{limit: 1 + int(limit)}
		for rest := text; len(rest) > 0; {
			n := min(len(rest), 1+int(piece))
			tail.write(rest[:n])
			rest = rest[n:]
			if cap(tail.kept) > 4*tail.limit+64 {
				t.Fatalf("%d bytes in memory for %d", cap(tail.kept), tail.limit)
			}
		}
		got := tail.text()
		if len(got) > tail.limit || !utf8.Valid(got) {
			t.Fatalf("text = %q with a limit of %d", got, tail.limit)
		}
		if !utf8.Valid(text) {
			return
		}
		if !bytes.HasSuffix(text, got) {
			t.Fatalf("text = %q is no end of %q", got, text)
		}
		if lost := min(len(text), tail.limit) - len(got); lost > utf8.UTFMax-1 {
			t.Fatalf("text = %q: %d bytes less than the limit %d allows", got, lost, tail.limit)
		}
	})
}
