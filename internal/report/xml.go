package report

import "strings"

// This is encoding/xml's EscapeText, without what that package makes of HTML's
// entities at every start of the program: 1 % of a small fetch.

var xmlEscapes = strings.NewReplacer(
	`"`, "&#34;", "'", "&#39;", "&", "&amp;", "<", "&lt;", ">", "&gt;",
	"\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;", // which attributes would lose
)

// xmlChar returns r where XML has it, else U+FFFD
// (https://www.w3.org/TR/xml/#charsets).
func xmlChar(r rune) rune {
	switch {
	case r == '\t', r == '\n', r == '\r', r >= ' ' && r <= 0xd7ff, r >= 0xe000 && r <= 0xfffd, r >= 0x10000:
		return r
	}
	return '\ufffd'
}
