package asynccore

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Lines yields the lines of r without their "\n" or "\r\n", each as soon as it
// has been read. It holds one line and one buffer of 4 KiB, whatever the
// input. A line of more than limit bytes is a *TooLongError item in its place,
// and what is over the limit is skipped; so the n-th item is always line n. A
// failed read is the last item; the part of a line before it is not yielded.
//
// A second iteration goes on behind the last line that was yielded.
func Lines(r io.Reader, limit int) Stream[string] {
	br := bufio.NewReader(r)
	n := 0
	return func(yield func(string, error) bool) {
		var line []byte
		for {
			var over bool
			var err error
			line, over, err = readLine(br, line[:0], limit)
			if err == io.EOF && len(line) == 0 && !over {
				return
			}
			n++
			if err != nil && err != io.EOF {
				yield("", fmt.Errorf("read line %d: %w", n, err))
				return
			}
			text, err := dropEnd(line), error(nil)
			if over || len(text) > limit {
				text, err = nil, &TooLongError{What: fmt.Sprintf("line %d", n), Max: int64(limit)}
			}
			if !yield(string(text), err) {
				return
			}
		}
	}
}

// readLine appends the next line with its end to line. When even an end of two
// bytes cannot bring it within limit, it is over: the rest is read, not kept.
func readLine(br *bufio.Reader, line []byte, limit int) (_ []byte, over bool, err error) {
	for {
		part, err := br.ReadSlice('\n')
		over = over || len(line)+len(part)-len("\r\n") > limit
		if !over {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, over, err
		}
	}
}

// dropEnd removes one "\n", and then one "\r", from the end.
func dropEnd(line []byte) []byte {
	if k := len(line) - 1; k >= 0 && line[k] == '\n' {
		line = line[:k]
	}
	if k := len(line) - 1; k >= 0 && line[k] == '\r' {
		line = line[:k]
	}
	return line
}
