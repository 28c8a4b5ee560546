package journal

import (
	"bufio"
	"errors"
	"io"
	"iter"
)

// DefaultMaxLine is the longest line, in bytes, that is read unless the
// caller says otherwise: a body of the largest --inline-max, 16M, fits with
// every byte escaped (six bytes each), and so does a meta of 1 MiB.
const DefaultMaxLine = 128 << 20

// Line is one line of a results file.
type Line struct {
	Number int    // from 1
	Bytes  []byte // without the newline; valid until the next line is asked for
}

// Read yields the lines of a results file, read as they are asked for; name
// is for the errors. A line over DefaultMaxLine is yielded without its bytes
// and with a *DamagedError of cause ErrTooLong, a last line without newline
// with its bytes and a *DamagedError of cause ErrTorn; the caller may go on
// after either. A failed read is yielded as it is and ends the sequence.
// Lines are not looked into.
func Read(r io.Reader, name string) iter.Seq2[Line, error] {
	return ReadMax(r, name, DefaultMaxLine)
}

// ReadMax is Read with another limit on the length of a line, in bytes.
func ReadMax(r io.Reader, name string, maxLine int) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		in := newLines(r, maxLine)
		for {
			text, whole, err := in.next()
			switch {
			case err == io.EOF:
				return
			case errors.Is(err, ErrTooLong):
				err = &DamagedError{Path: name, Line: in.number, Err: err}
			case err != nil:
				yield(Line{Number: in.number}, err)
				return
			case !whole:
				err = &DamagedError{Path: name, Line: in.number, Err: ErrTorn}
			}
			if !yield(Line{Number: in.number, Bytes: text}, err) {
				return
			}
		}
	}
}

// lines splits a stream at newlines in bounded memory.
type lines struct {
	in       *bufio.Reader
	max      int    // bytes in a line
	long     []byte // a line that is longer than in's buffer
	skipping bool   // the rest of a line that was too long is still to be read
	number   int    // of the line that next returned last
	end      int64  // offset behind that line and its newline
}

func newLines(r io.Reader, maxLine int) *lines {
	return &lines{in: bufio.NewReaderSize(r, 256<<10), max: maxLine}
}

// next returns the next line without its newline, valid until the next call;
// whole is false when the input ended before a newline. It returns io.EOF
// behind the last line, and ErrTooLong in place of a line that is too long.
func (l *lines) next() (text []byte, whole bool, err error) {
	for l.skipping {
		part, err := l.in.ReadSlice('\n')
		l.end += int64(len(part))
		if err != nil && err != bufio.ErrBufferFull {
			return nil, false, err
		}
		l.skipping = err == bufio.ErrBufferFull
	}
	l.number++
	l.long = l.long[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		l.end += int64(len(part))
		switch err {
		case nil:
			whole = true
			part = part[:len(part)-1]
		case io.EOF, bufio.ErrBufferFull:
		default:
			return nil, false, err
		}
		if len(l.long)+len(part) > l.max {
			l.skipping = !whole
			return nil, false, ErrTooLong
		}
		if len(l.long) == 0 && err != bufio.ErrBufferFull {
			text = part // the usual case: no copy
		} else {
			l.long = append(l.long, part...)
			text = l.long
		}
		switch {
		case whole:
			return text, true, nil
		case err == io.EOF && len(text) > 0:
			return text, false, nil
		case err == io.EOF:
			return nil, false, io.EOF
		}
	}
}

// last reports whether the line that next returned last ended the input.
func (l *lines) last() bool {
	_, err := l.in.Peek(1)
	return err == io.EOF
}
