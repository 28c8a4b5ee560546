package journal

import (
	"errors"
	"io"
	"os"

	"github.com/specify-cli/specify/internal/flock"
)

// target is where the writer puts records.
type target interface {
	Write(record []byte) (int, error)
	Sync() error
	Cut(n int) error // takes the last n bytes away again, where that is possible
	Close() error
}

// file is a regular file that this process has locked.
type file struct{ *os.File }

// Cut relies on O_APPEND and on the lock: what was written last is at the end.
func (f file) Cut(n int) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	return truncate(f.File, st.Size()-int64(n))
}

// Close unlocks first: a child that is between fork and exec shares the lock
// and would hold it for a moment longer.
func (f file) Close() error {
	return errors.Join(flock.Unlock(f.File), f.File.Close())
}

// stream is a target that cannot be synced or cut: a pipe, a terminal, a
// device. A nil closer leaves it open.
type stream struct {
	io.Writer
	closer io.Closer
}

func (stream) Sync() error     { return nil }
func (stream) Cut(n int) error { return nil }

func (s stream) Close() error {
	if s.closer == nil {
		return nil
	}
	return s.closer.Close()
}
