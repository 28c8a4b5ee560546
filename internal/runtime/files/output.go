package files

import (
	"io"

	"github.com/specify-cli/specify/internal/task"
)

// Output takes one body. Commit or Abort ends it; an Abort that follows does
// nothing, so that it can be deferred. An Output is for one goroutine at a time.
type Output interface {
	io.Writer
	// Rewind drops what was written after offset, or fails where that is too late.
	Rewind(offset int64) error
	// Expect makes Commit fail with a *ChecksumError for anything else than sum.
	// It comes before the first Write. The zero Checksum expects nothing.
	Expect(sum Checksum)
	// Commit makes the output final. It returns nil where that leaves no file.
	Commit() (*task.Output, error)
	Abort()
}

// Options are what all outputs of a run have in common.
type Options struct {
	SHA256 bool // tell the SHA-256 in task.Output; costs processor time
	Sync   bool // fsync(2) before a file gets its name
	Shared bool // a place may be claimed again: of two outputs for it the later one stays
}

// None is an output that keeps nothing. The zero value is ready to use.
type None struct{ digest }

var _ Output = (*None)(nil)

// Write takes p and forgets it.
func (o *None) Write(p []byte) (int, error) {
	o.take(p)
	return len(p), nil
}

// Rewind succeeds at the start, at the end, and, unless a checksum is
// expected, anywhere between.
func (o *None) Rewind(offset int64) error {
	switch {
	case offset < 0 || offset > o.n || o.hashing() && offset != 0 && offset != o.n:
		return ErrStarted
	case offset != o.n:
		o.reset(offset)
	}
	return nil
}

// Commit checks what was expected.
func (o *None) Commit() (*task.Output, error) { return nil, o.verify("the body") }

// Abort has nothing to do.
func (o *None) Abort() {}
