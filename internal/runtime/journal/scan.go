package journal

import (
	"fmt"
	"unicode/utf8"
)

// maxDepth bounds the nesting of arrays and objects, as encoding/json does.
const maxDepth = 10_000

// syntaxError says that a line is not, or not yet, JSON: a line that was cut
// off gives one.
type syntaxError struct {
	offset int // bytes from the start of the line
	what   string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("not JSON at byte %d: %s", e.offset, e.what)
}

// scanner checks one JSON text (RFC 8259) and finds the members of its
// objects without building anything. A resumed run waits for it: encoding/json
// takes three times as long and 13 allocations for the few members wanted
// here, matches keys in any case and lets invalid UTF-8 pass.
type scanner struct {
	data []byte
	pos  int
}

// object reads data as one JSON object and nothing after it. It calls visit
// with each member's key (unescaped) and value (as written) in their order; a
// repeated key is visited again. Of what is whole it returns errNoObject for
// another value, errMore for a value with text behind it, errNotUTF8 for one
// with invalid strings; everything else is a *syntaxError.
func object(data []byte, visit func(key, value []byte)) error {
	s := scanner{data: data}
	s.space()
	isObject := s.peek() == '{'
	var err error
	if isObject {
		err = s.members(1, visit)
	} else {
		err = s.value(0)
	}
	if err != nil {
		return err
	}
	if s.space(); s.pos < len(s.data) {
		return errMore
	}
	switch {
	case !isObject:
		return errNoObject
	case !utf8.Valid(data):
		return errNotUTF8
	}
	return nil
}

func (s *scanner) fail(what string) error { return &syntaxError{offset: s.pos, what: what} }

// peek returns the next byte, 0 at the end. NUL is allowed nowhere in JSON.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}

// value moves past one value that lies inside depth arrays and objects.
func (s *scanner) value(depth int) error {
	switch c := s.peek(); {
	case c == '"':
		return s.text()
	case c == '{':
		return s.members(depth+1, nil)
	case c == '[':
		return s.elements(depth + 1)
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	}
	return s.fail("no value")
}

// members moves past an object; visit may be nil.
func (s *scanner) members(depth int, visit func(key, value []byte)) error {
	if depth > maxDepth {
		return s.fail("nested too deeply")
	}
	s.pos++ // the brace
	if s.space(); s.peek() == '}' {
		s.pos++
		return nil
	}
	for {
		start := s.pos
		if s.peek() != '"' {
			return s.fail("no key")
		}
		if err := s.text(); err != nil {
			return err
		}
		key := s.data[start:s.pos]
		if s.space(); s.peek() != ':' {
			return s.fail("no colon after a key")
		}
		s.pos++
		s.space()
		start = s.pos
		if err := s.value(depth); err != nil {
			return err
		}
		if visit != nil {
			visit(unquote(key), s.data[start:s.pos])
		}
		more, err := s.comma('}')
		if !more {
			return err
		}
	}
}

// elements moves past an array.
func (s *scanner) elements(depth int) error {
	if depth > maxDepth {
		return s.fail("nested too deeply")
	}
	s.pos++ // the bracket
	if s.space(); s.peek() == ']' {
		s.pos++
		return nil
	}
	for {
		if err := s.value(depth); err != nil {
			return err
		}
		more, err := s.comma(']')
		if !more {
			return err
		}
	}
}

// comma reports whether another member or element follows.
func (s *scanner) comma(end byte) (more bool, err error) {
	s.space()
	switch s.peek() {
	case ',':
		s.pos++
		s.space()
		return true, nil
	case end:
		s.pos++
		return false, nil
	}
	return false, s.fail("neither a comma nor the end of an array or object")
}
