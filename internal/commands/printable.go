package commands

import (
	"strconv"
	"strings"
	"unicode"
)

// printable returns s with everything escaped that a terminal would act on
// instead of showing it: control characters, and the bidirectional and other
// invisible format characters that make text read as what it is not, and line
// feeds: a line that begins with "::" is a command to some CI systems.
func printable(s string) string {
	clean := func(r rune) bool { return r != unicode.ReplacementChar && unicode.IsPrint(r) }
	if strings.IndexFunc(s, func(r rune) bool { return !clean(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if clean(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}
