package lists

import (
	"bufio"
	"bytes"
	"io"
)

const (
	bufferSize = 64 << 10
	mark       = "\xef\xbb\xbf" // the byte order mark in UTF-8
)

// splitter splits a stream at LF in bounded memory.
type splitter struct {
	in     *bufio.Reader
	max    int    // bytes in a line without its end
	number int    // of the line that next returned last, from 1
	long   []byte // what a line longer than in's buffer has so far
	ended  bool   // in has ended; a terminal that is read again would wait for more
}

// next returns the next line without its end, valid until the next call. Of a
// line over max, which it has read to its end, it returns the first max bytes
// and errTooLong; io.EOF stands behind the last line.
func (s *splitter) next() ([]byte, error) {
	s.number++
	s.long = s.long[:0]
	tooLong := false
	for !s.ended {
		part, err := s.in.ReadSlice('\n')
		switch {
		case err == nil && len(s.long) == 0 && !tooLong:
			return s.trim(part) // the usual case: no copy
		case err == io.EOF:
			s.ended = true
		case err != nil && err != bufio.ErrBufferFull:
			return nil, err // what came of the line is not a line
		}
		if room := s.max + len(mark+"\r\n") - len(s.long); len(part) > room {
			part, tooLong = part[:room], true
		}
		s.long = append(s.long, part...)
		switch {
		case err == bufio.ErrBufferFull: // more of the line follows
		case tooLong:
			return s.cut(s.long)
		case len(s.long) > 0:
			return s.trim(s.long)
		}
	}
	return nil, io.EOF
}

// trim takes the end off a line, and the mark off the first. One CR goes with
// the LF, or with the end of the list; others are text.
func (s *splitter) trim(line []byte) ([]byte, error) {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return s.cut(bytes.TrimSuffix(line, []byte("\r")))
}

// cut takes the mark off the first line, and off any what is over max.
func (s *splitter) cut(line []byte) ([]byte, error) {
	if s.number == 1 {
		line = bytes.TrimPrefix(line, []byte(mark))
	}
	if len(line) > s.max {
		return line[:s.max], errTooLong
	}
	return line, nil
}
