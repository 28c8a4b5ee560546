package task

import "unicode/utf8"

// appendString appends key and s as a JSON string (RFC 8259 §7). Each byte that
// is not UTF-8 becomes U+FFFD. Control characters and DEL are escaped, so that
// a record printed on a terminal is inert, and what an editor would act on is
// escaped too, so that the record reads as what it is.
func appendString(b []byte, key, s string) []byte {
	b = append(append(b, key...), '"')
	start := 0 // s[:start] is in b
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if !plain[c] {
				b = appendEscaped(append(b, s[start:i]...), rune(c))
				start = i + 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if hidden(r, size) {
			b = appendEscaped(append(b, s[start:i]...), r)
			start = i + size
		}
		i += size
	}
	return append(append(b, s[start:]...), '"')
}

// appendOptional is appendString, or nothing when s is empty.
func appendOptional(b []byte, key, s string) []byte {
	if s == "" {
		return b
	}
	return appendString(b, key, s)
}

// appendRaw appends key and raw, a JSON value, on one line and as inert as
// appendString leaves a string; it is still the same value. Nothing is
// appended for no value and for null.
//
// Outside its strings JSON is ASCII, and inside them no byte below 0x20 stands
// unescaped. So whatever has to be escaped is in a string, and the control
// characters are white space between tokens, which may go.
func appendRaw(b []byte, key string, raw []byte) []byte {
	if len(raw) == 0 || string(raw) == "null" {
		return b
	}
	b = append(b, key...)
	start := 0 // raw[:start] is in b, or left out
	for i := 0; i < len(raw); {
		c := raw[i]
		if c < utf8.RuneSelf {
			if c < 0x20 || c == 0x7f {
				b = append(b, raw[start:i]...)
				start = i + 1
			}
			if c == 0x7f {
				b = appendEscaped(b, rune(c))
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(raw[i:])
		if hidden(r, size) {
			b = appendEscaped(append(b, raw[start:i]...), r)
			start = i + size
		}
		i += size
	}
	return append(b, raw[start:]...)
}

// AppendInert appends raw, a JSON value without a line break in its strings, as
// inert as the strings of a record are on a terminal.
func AppendInert(b []byte, raw []byte) []byte { return appendRaw(b, "", raw) }

func appendStrings(b []byte, key string, list []string) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(append(b, key...), '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, "", s)
	}
	return append(b, ']')
}

func appendFields(b []byte, key string, fields []Field) []byte {
	if len(fields) == 0 {
		return b
	}
	b = append(append(b, key...), '{')
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, "", f.Name)
		b = appendString(b, ":", f.Value)
	}
	return append(b, '}')
}

// plain are the ASCII bytes that stand for themselves in a JSON string.
var plain = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = c >= 0x20 && c != 0x7f && c != '"' && c != '\\'
	}
	return t
}()

// hidden reports whether a rune beyond ASCII, decoded from so many bytes, must
// not stand as it is: invalid UTF-8, and what a terminal or an editor acts on
// instead of showing: C1 controls, line and paragraph separators, the
// bidirectional controls of UAX #9 and the byte order mark.
func hidden(r rune, size int) bool {
	switch {
	case r == utf8.RuneError:
		return size == 1
	case r < 0x061c:
		return r < 0xa0
	}
	return r == 0x061c || r == 0x200e || r == 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff
}

func appendEscaped(b []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	case utf8.RuneError: // as it stands in a text that is UTF-8
		return utf8.AppendRune(b, r)
	}
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}
