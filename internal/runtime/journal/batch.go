package journal

import (
	"errors"
	"fmt"
	"io"
)

// maxPending is how many bytes of records may wait for the writer before
// Append waits too: some 3000 records, or one of any size. Bytes are counted
// because a record with an inline body may be as long as a thousand others.
const maxPending = 1 << 20

// batch is a sequence of records in one reused buffer.
type batch struct {
	bytes []byte
	ends  []int // offset behind each record's newline
}

// fits reports whether a record of n bytes may be added. An empty batch takes
// any.
func (b *batch) fits(n int) bool { return len(b.bytes) == 0 || len(b.bytes)+n <= maxPending }

// add copies a record and sees to its newline.
func (b *batch) add(line []byte) {
	b.bytes = append(b.bytes, line...)
	if line[len(line)-1] != '\n' {
		b.bytes = append(b.bytes, '\n')
	}
	b.ends = append(b.ends, len(b.bytes))
}

func (b *batch) empty() bool { return len(b.ends) == 0 }

// reset empties b and keeps its memory, unless a huge record made it grow.
func (b *batch) reset() {
	if cap(b.bytes) > 2*maxPending {
		b.bytes = nil
	}
	b.bytes, b.ends = b.bytes[:0], b.ends[:0]
}

// writeTo writes each record with one call and stops at the first failure. A
// record of which only a part arrived, as on a disk that has just become
// full, is taken back, so that the file ends with a whole one.
func (b *batch) writeTo(out target) error {
	start := 0
	for _, end := range b.ends {
		n, err := out.Write(b.bytes[start:end])
		if err == nil && n < end-start {
			err = io.ErrShortWrite
		}
		if err != nil && n > 0 {
			if cut := out.Cut(n); cut != nil {
				err = errors.Join(err, fmt.Errorf("take the torn record back: %w", cut))
			}
		}
		if err != nil {
			return err
		}
		start = end
	}
	return nil
}
