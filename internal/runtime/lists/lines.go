package lists

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"
)

// MaxLine is the longest line, in bytes without its end.
const MaxLine = 1 << 20

// Line is one line of a list.
type Line struct {
	Place Place
	Text  []byte // without LF or CRLF and a byte order mark before the first line; valid until the next line is read
	Err   error  // nil, or why the line cannot be used: too long (Text is its first MaxLine bytes), a NUL, UTF-16, or not UTF-8
}

// Place is where a line stands.
type Place struct {
	Name string // of the file; "-" for standard input
	Line int    // from 1
}

// String returns NAME:LINE.
func (p Place) String() string { return fmt.Sprintf("%s:%d", p.Name, p.Line) }

var (
	errTooLong = fmt.Errorf("line is longer than %d bytes", MaxLine)
	errUTF8    = errors.New("line is not UTF-8")
	errNUL     = errors.New("line holds a NUL byte; is this a text file?")
	// As some editors and shells save text, or append it to what is UTF-8.
	errUTF16 = errors.New("line is UTF-16; convert the list to UTF-8 first (iconv -f UTF-16 -t UTF-8)")
)

// Lines yields the lines of r, as soon as each is there. What stands behind the
// last LF is a line if it is not empty. A line that cannot be used comes with
// its Err, and the next one follows. A failed read ends the sequence: it comes
// as the second value, names the list, and the Line beside it is empty. Memory
// stays bounded whatever r holds.
func Lines(r io.Reader, name string) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		s := splitter{in: bufio.NewReaderSize(r, bufferSize), max: MaxLine}
		wide := false // the line before was UTF-16
		for {
			text, err := s.next()
			if err == nil {
				err = check(text, s.number == 1)
			}
			if wide && err == errNUL && len(bytes.Trim(text, "\x00\r")) == 0 {
				text, err = text[:0], nil // blank in UTF-16, or the other half of the last LF
			} else {
				wide = err == errUTF16
			}
			switch err {
			case io.EOF:
				return
			case nil, errTooLong, errNUL, errUTF8, errUTF16:
			default:
				yield(Line{}, fmt.Errorf("read %s at line %d: %w", name, s.number, cause(err)))
				return
			}
			if !yield(Line{Place: Place{name, s.number}, Text: text, Err: err}, nil) {
				return
			}
		}
	}
}

// check returns why the text of a line cannot be used, or nil.
func check(text []byte, first bool) error {
	nul := bytes.IndexByte(text, 0)
	switch {
	case first && hasUTF16Mark(text), nul >= 0 && looksUTF16(text, nul):
		return errUTF16
	case nul >= 0:
		return errNUL
	case !utf8.Valid(text):
		return errUTF8
	}
	return nil
}

func hasUTF16Mark(text []byte) bool {
	return bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff"))
}

// looksUTF16 reports whether text, whose first NUL stands at nul, would be
// mostly Latin in UTF-16: there every second byte is NUL, and in the other
// places none is. Fewer than four bytes are too few to tell.
func looksUTF16(text []byte, nul int) bool {
	if len(text) < 4 {
		return false
	}
	nuls := 0
	for i, c := range text[nul:] {
		if c == 0 {
			if i%2 != 0 {
				return false
			}
			nuls++
		}
	}
	return nuls > len(text)/4 // of the len/2 places
}
