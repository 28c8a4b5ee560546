package process

import (
	"bytes"
	"unicode/utf8"
)

// tail keeps the last limit bytes written to it. It holds at most twice as
// much. It is not safe for concurrent use.
type tail struct {
	limit int
	kept  []byte
	cut   bool // something has been dropped in front of kept
}

func (t *tail) write(p []byte) {
	if len(p) > t.limit {
		t.cut = true
		p = p[len(p)-t.limit:]
	}
	if len(t.kept)+len(p) > 2*t.limit {
		t.trim()
	}
	t.kept = append(t.kept, p...)
}

// trim drops what stands before the last limit bytes.
func (t *tail) trim() {
	if extra := len(t.kept) - t.limit; extra > 0 {
		t.cut = true
		t.kept = t.kept[:copy(t.kept, t.kept[extra:])]
	}
}

// text returns what was kept as valid UTF-8 of at most limit bytes. A
// character that a cut split is left out; other invalid bytes become U+FFFD.
func (t *tail) text() []byte {
	t.trim()
	text := t.kept
	if t.cut {
		text = afterPartial(text)
	}
	text = bytes.ToValidUTF8(beforePartial(text), []byte("\uFFFD"))
	if extra := len(text) - t.limit; extra > 0 {
		text = afterPartial(text[extra:]) // U+FFFD is longer than what it stands for
	}
	return text
}

// afterPartial drops the end of a character whose beginning was cut off.
func afterPartial(text []byte) []byte {
	n := 0
	for n < len(text) && !utf8.RuneStart(text[n]) {
		n++
	}
	if n >= utf8.UTFMax {
		return text // more than one character leaves, so this is no UTF-8
	}
	return text[n:]
}

// beforePartial drops the beginning of a character whose end never came.
func beforePartial(text []byte) []byte {
	for i := len(text) - 1; i >= max(0, len(text)-utf8.UTFMax); i-- {
		if utf8.RuneStart(text[i]) {
			if !utf8.FullRune(text[i:]) {
				return text[:i]
			}
			break
		}
	}
	return text
}
