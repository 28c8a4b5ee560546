package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Visible returns s with everything that a terminal, a browser or an editor
// would act on instead of showing it written out as Go writes it in a quoted
// string: `\x1b`, `\n`, `\u202e`. Only characters that strconv.IsPrint accepts
// are left as they are, so that no control, no bidirectional override and no
// other invisible character reaches any output. Text without such characters is
// returned unchanged, without an allocation.
func Visible(s string) string { return visibleExcept(s, 0) }

// visibleLines is visible for text of several lines: it keeps the line feeds.
func visibleLines(s string) string { return visibleExcept(strings.ReplaceAll(s, "\r\n", "\n"), '\n') }

func visibleExcept(s string, keep rune) string {
	var out []byte
	done := 0 // s[:done] is in out
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		broken := r == utf8.RuneError && size == 1
		if (strconv.IsPrint(r) && !broken) || (r == keep && keep != 0) {
			i += size
			continue
		}
		out = append(out, s[done:i]...)
		if broken {
			out = fmt.Appendf(out, `\x%02x`, s[i])
		} else {
			quoted := strconv.AppendQuoteRune(nil, r)
			out = append(out, quoted[1:len(quoted)-1]...)
		}
		i += size
		done = i
	}
	if done == 0 {
		return s
	}
	return string(append(out, s[done:]...))
}

// shorten returns s, or its beginning with an ellipsis when it is longer than
// limit bytes. It never cuts within a character.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit - len("…")
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
