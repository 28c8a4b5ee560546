package journal

import (
	"errors"
	"fmt"
	"io"
)

// resume hands every whole record of r to each (which may be nil). It returns
// the offset behind the last of them and the length of the torn line that
// follows it, 0 if there is none.
//
// A torn line is the last one, and it has no newline or is no JSON (after a
// power failure its blocks may have reached the disk in any order). Three
// kinds of last line look similar and are a *DamagedError, since cutting them
// would lose what was not torn: whole JSON that is no record; whole JSON with
// more behind it, which is two records whose newline was damaged; and the
// only line of a file if it does not even begin like a record: such a file is
// no results file but, say, a list of URLs named by mistake.
func resume(r io.Reader, path string, maxLine int, each func(Entry) error) (end, torn int64, err error) {
	in := newLines(r, maxLine)
	for {
		line, whole, err := in.next()
		switch {
		case err == io.EOF:
			return end, in.end - end, nil
		case errors.Is(err, ErrTooLong):
			return 0, 0, &DamagedError{Path: path, Line: in.number, Err: err}
		case err != nil:
			return 0, 0, fmt.Errorf("resume: %w", err)
		}
		entry, err := decode(line)
		if err != nil {
			_, broken := errors.AsType[*syntaxError](err)
			if broken && in.last() && (end > 0 || beginsLikeRecord(line)) {
				return end, in.end - end, nil
			}
			return 0, 0, &DamagedError{Path: path, Line: in.number, Err: err}
		}
		if !whole {
			return end, in.end - end, nil
		}
		if !entry.done() {
			entry.Sum = hashID(string(line))
		}
		if entry.Line = in.number; each != nil {
			if err := each(entry); err != nil {
				return 0, 0, fmt.Errorf("resume %s:%d: %w", path, in.number, err)
			}
		}
		end = in.end
	}
}

// beginsLikeRecord reports whether line may be a torn record. NUL stands
// where the file grew and its data did not arrive before a power failure.
func beginsLikeRecord(line []byte) bool {
	return len(line) > 0 && (line[0] == '{' || line[0] == 0)
}
