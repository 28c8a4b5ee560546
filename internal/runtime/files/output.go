package files

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/specify-cli/specify/internal/task"
)

// Output takes one body. Exactly one of Commit and Abort ends it.
type Output interface {
	io.Writer
	// Rewind drops what was written after offset, or fails where that is too late.
	Rewind(offset int64) error
	// Commit makes the output final. It returns nil where that leaves no file.
	Commit() (*task.Output, error)
	Abort()
}

// Outputs opens outputs. Out is standard output.
type Outputs struct{ Out io.Writer }

// Stdout is an output that streams to standard output. It cannot start over
// once a byte was written.
func (o Outputs) Stdout() Output { return &Stream{w: o.Out, name: "standard output"} }

// ErrStarted is why a transfer that broke is not tried again on a pipe: what
// was written cannot be taken back.
var ErrStarted = errors.New("what was written cannot be taken back")

// Stream is an output that cannot be rewound.
type Stream struct {
	w    io.Writer
	name string
	n    int64
}

// device is an output to what stands at path already and is no regular file.
func device(path string) (Output, error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, place(path, err)
	}
	return &Stream{w: f, name: path}, nil
}

// Write writes p through.
func (s *Stream) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.n += int64(n)
	if err != nil {
		err = fmt.Errorf("write to %s: %w", s.name, err)
	}
	return n, err
}

// Rewind succeeds only where the stream is.
func (s *Stream) Rewind(offset int64) error {
	if offset != s.n {
		return ErrStarted
	}
	return nil
}

// Commit closes what was opened; standard output stays open.
func (s *Stream) Commit() (*task.Output, error) {
	if f, ok := s.w.(*os.File); ok && f != os.Stdout {
		if err := f.Close(); err != nil {
			return nil, place(s.name, err)
		}
	}
	return nil, nil
}

// Abort cannot take back what was written.
func (s *Stream) Abort() { _, _ = s.Commit() }

// None is an output that keeps nothing. The zero value is ready to use.
type None struct{}

// Write takes p and forgets it.
func (None) Write(p []byte) (int, error) { return len(p), nil }

// Rewind always succeeds.
func (None) Rewind(int64) error { return nil }

// Commit has nothing to do.
func (None) Commit() (*task.Output, error) { return nil, nil }

// Abort has nothing to do.
func (None) Abort() {}
