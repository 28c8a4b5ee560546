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

// Line is one line of a list. Text is valid until the next line is read.
type Line struct {
	Place Place
	Text  []byte // without its end, and without the byte order mark of a first line
	Err   error  // the line itself cannot be used: it is too long, or not UTF-8
}

// Place is where a line stands.
type Place struct {
	Name string // of the file, "-" for standard input, "argument" for an argument
	Line int    // from 1
}

func (p Place) String() string { return fmt.Sprintf("%s:%d", p.Name, p.Line) }

var (
	errTooLong = fmt.Errorf("line is longer than %d bytes", MaxLine)
	errUTF8    = errors.New("line is not UTF-8")
	errNUL     = errors.New("line holds a NUL byte: is this a text file?")
)

// UTF16Error is a list that is encoded as UTF-16, as some editors save text.
type UTF16Error struct{ Name string }

func (e *UTF16Error) Error() string {
	return e.Name + ":1: the list is UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)"
}

// Lines yields the lines of r. A line that cannot be used comes with its Err
// and the next one follows; an error of the reader, or UTF-16, ends the
// sequence as its second value.
func Lines(r io.Reader, name string) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		in := bufio.NewReaderSize(r, 64<<10)
		var long []byte // what a line longer than in's buffer has so far
		for n := 1; ; n++ {
			text, err := readLine(in, &long)
			if n == 1 {
				if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
					yield(Line{}, &UTF16Error{name})
					return
				}
				text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
			}
			if err == io.EOF && len(text) == 0 {
				return
			}
			line := Line{Place: Place{name, n}, Text: text}
			switch {
			case err == errTooLong:
				line.Text, line.Err = nil, err
			case err != nil && err != io.EOF:
				yield(Line{}, fmt.Errorf("read %s: %w", name, err))
				return
			case bytes.IndexByte(text, 0) >= 0:
				line.Err = errNUL
			case !utf8.Valid(text):
				line.Err = errUTF8
			}
			if !yield(line, nil) || err == io.EOF {
				return
			}
		}
	}
}

// readLine returns the next line without its end. A line over MaxLine is read
// to its end and dropped as it comes, so that memory stays bounded.
func readLine(in *bufio.Reader, long *[]byte) ([]byte, error) {
	*long = (*long)[:0]
	dropped := false
	for {
		part, err := in.ReadSlice('\n')
		if err == nil && len(*long) == 0 && !dropped {
			return check(trimEnd(part))
		}
		if !dropped {
			*long = append(*long, part...)
		}
		if len(*long) > MaxLine+len("\r\n") {
			dropped, *long = true, (*long)[:0]
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case dropped && (err == nil || err == io.EOF):
			return nil, errTooLong
		case err == nil:
			return check(trimEnd(*long))
		}
		text, tooLong := check(trimEnd(*long))
		if tooLong != nil && err == io.EOF {
			err = tooLong
		}
		return text, err
	}
}

func check(text []byte) ([]byte, error) {
	if len(text) > MaxLine {
		return nil, errTooLong
	}
	return text, nil
}

func trimEnd(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r"))
}
