package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/specify-cli/specify/internal/flock"
)

// Options say how Open treats the file; the zero value starts a new one.
type Options struct {
	// Resume accepts a file that has records and reads them before anything
	// is written.
	Resume bool

	// Each gets every whole record in the order of the file, on the goroutine
	// of Open. An error from it ends Open, and the file stays as it was. May
	// be nil.
	Each func(Entry) error

	// MaxLine is the longest record that Resume accepts, in bytes; 0 is
	// DefaultMaxLine. It does not limit Append.
	MaxLine int

	// SyncEvery is the longest that a written record waits for fsync; 0 is
	// one second.
	SyncEvery time.Duration
}

// Open opens the results file at path for appending and locks it; the lock
// ends with Close or with the process. A missing file is made, with mode 0644
// less the umask: secrets are not in records, and CI collects them under
// another user.
//
// It returns a *LockedError if another run holds the file, a *NotEmptyError
// if the file has content and opt.Resume is not set, a *DamagedError if it is
// to be resumed and a line other than a torn last one is no record; in none
// of these cases is the file changed. A torn last line is cut off, see
// [Journal.Dropped].
//
// A path that is no regular file (a FIFO, /dev/stdout on a pipe, /dev/null)
// is only written to: no lock, nothing to resume, no fsync. Opening a FIFO
// waits for its reader, as in a shell.
//
// The caller must Close the Journal.
func Open(path string, opt Options) (*Journal, error) {
	f, regular, err := openFile(path)
	if err != nil {
		return nil, err
	}
	if !regular {
		return start(stream{Writer: f, closer: f}, path, opt.SyncEvery), nil
	}
	dropped, err := prepare(f, path, opt)
	if err != nil {
		f.Close() // nothing was written; err is what matters
		return nil, err
	}
	j := start(file{f}, path, opt.SyncEvery)
	j.dropped = dropped
	return j, nil
}

// NewStream returns a Journal that appends to w, which stays the caller's to
// close; name is for the errors. One goroutine calls w.Write, once a record.
//
// Writing to a closed os.Stdout ends a Go program by SIGPIPE unless it has
// called signal.Notify or signal.Ignore for it; then it is a *WriteError of
// syscall.EPIPE as for every other pipe.
func NewStream(w io.Writer, name string) *Journal {
	return start(stream{Writer: w}, name, 0)
}

// openFile opens for reading only what can be resumed: a FIFO that we had
// open for reading ourselves would never report that its reader has gone.
func openFile(path string) (f *os.File, regular bool, err error) {
	flag := os.O_RDWR | os.O_CREATE
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		flag = os.O_WRONLY
	}
	f, err = os.OpenFile(path, flag|os.O_APPEND, 0o644)
	if err != nil {
		return nil, false, err
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, false, err
	}
	return f, st.Mode().IsRegular(), nil
}

// prepare locks f, reads what is in it and cuts off a torn last line, whose
// length it returns.
func prepare(f *os.File, path string, opt Options) (dropped int64, err error) {
	switch err := flock.Lock(f); {
	case errors.Is(err, flock.ErrLocked):
		return 0, &LockedError{Path: path}
	case err != nil:
		return 0, fmt.Errorf("lock %s: %w", path, err)
	}
	st, err := f.Stat() // only now: until here another run may have written
	if err != nil || st.Size() == 0 {
		return 0, err
	}
	if !opt.Resume {
		return 0, &NotEmptyError{Path: path}
	}
	maxLine := opt.MaxLine
	if maxLine <= 0 {
		maxLine = DefaultMaxLine
	}
	end, torn, err := resume(f, path, maxLine, opt.Each)
	if err != nil || torn == 0 {
		return 0, err
	}
	if err := truncate(f, end); err != nil {
		return 0, fmt.Errorf("cut the torn last line: %w", err)
	}
	return torn, nil
}
