package journal

import (
	"bytes"
	"encoding/json"
)

// text moves past a string. Whether it is UTF-8 is for object to check.
func (s *scanner) text() error {
	s.pos++ // the quote
	for {
		// Most of a record's bytes pass here, so the loop is on local variables.
		rest := s.data[s.pos:]
		n := 0
		for n < len(rest) && rest[n] != '"' && rest[n] != '\\' && rest[n] >= ' ' {
			n++
		}
		s.pos += n
		switch c := s.peek(); {
		case c == '"':
			s.pos++
			return nil
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		case s.pos == len(s.data):
			return s.fail("a string without an end")
		default:
			return s.fail("control character in a string")
		}
	}
}

func (s *scanner) escape() error {
	s.pos++ // the backslash
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos++
		return nil
	case 'u':
		s.pos++
		for range 4 {
			if !isHex(s.peek()) {
				return s.fail("\\u without four hexadecimal digits")
			}
			s.pos++
		}
		return nil
	}
	return s.fail("unknown escape")
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// number moves past a number (RFC 8259 section 6).
func (s *scanner) number() error {
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++ // no digit may follow a leading zero
	} else if !s.digits() {
		return s.fail("no digit")
	}
	if s.peek() == '.' {
		s.pos++
		if !s.digits() {
			return s.fail("no digit after the point")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return s.fail("no digit in the exponent")
		}
	}
	return nil
}

func (s *scanner) digits() bool {
	start := s.pos
	for '0' <= s.peek() && s.peek() <= '9' {
		s.pos++
	}
	return s.pos > start
}

func (s *scanner) literal(word string) error {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
		return s.fail("no value")
	}
	s.pos += len(word)
	return nil
}

// unquote returns the text of a string that the scanner has passed, quotes
// included: a part of quoted where nothing is escaped, else a copy. Escapes
// are rare here, so encoding/json decodes them and settles lone surrogates as
// it did when the id was first read.
func unquote(quoted []byte) []byte {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		panic("journal: scanner passed a string that encoding/json refuses: " + err.Error())
	}
	return []byte(text)
}
