package files

import (
	"errors"
	"io"

	"github.com/specify-cli/specify/internal/task"
)

// ErrStarted is why a transfer that broke is not tried again on a pipe: what
// was written cannot be taken back.
var ErrStarted = errors.New("what was written cannot be taken back")

// Stream is an output that cannot be rewound.
type Stream struct {
	digest
	w      io.Writer
	name   string
	closer io.Closer // nil leaves it open
}

var _ Output = (*Stream)(nil)

// Write writes p through.
func (s *Stream) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.take(p[:n])
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return n, outputError(s.name, err)
	}
	return n, nil
}

// Rewind succeeds only where the stream is.
func (s *Stream) Rewind(offset int64) error {
	if offset != s.n {
		return ErrStarted
	}
	return nil
}

// Commit closes what was opened for this output; standard output stays open.
// A checksum is told too late to keep the bytes from the reader.
func (s *Stream) Commit() (*task.Output, error) {
	err := s.verify(s.name)
	if closeErr := s.close(); err == nil && closeErr != nil {
		err = outputError(s.name, closeErr)
	}
	return nil, err
}

// Abort cannot take back what was written.
func (s *Stream) Abort() {
	_ = s.close() // the task has failed with an error of its own
}

func (s *Stream) close() error {
	if s.closer == nil {
		return nil
	}
	c := s.closer
	s.closer = nil
	return c.Close()
}
