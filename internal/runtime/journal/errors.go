package journal

import (
	"errors"
	"fmt"
)

var (
	// ErrTorn is the cause of a *DamagedError for a last line without a
	// newline: its writer was killed, or is still writing.
	ErrTorn = errors.New("the last line is incomplete")

	// ErrTooLong is the cause of a *DamagedError for a line over the limit.
	ErrTooLong = errors.New("line too long")
)

// LockedError says that another run holds the results file.
type LockedError struct{ Path string }

// Error names the file.
func (e *LockedError) Error() string {
	return fmt.Sprintf("results file %s is in use by another run", e.Path)
}

// NotEmptyError says that the results file has content and that Open was not
// asked to resume it.
type NotEmptyError struct{ Path string }

// Error names the file.
func (e *NotEmptyError) Error() string {
	return fmt.Sprintf("results file %s is not empty", e.Path)
}

// DamagedError is a line of a results file that is no record. The file has
// been left as it was.
type DamagedError struct {
	Path string
	Line int // from 1
	Err  error
}

// Error names the line as compilers do, file:line.
func (e *DamagedError) Error() string { return fmt.Sprintf("%s:%d: %v", e.Path, e.Line, e.Err) }

// Unwrap returns the cause: ErrTorn, ErrTooLong, or what is wrong with the line.
func (e *DamagedError) Unwrap() error { return e.Err }

// WriteError is the failure that ended a Journal, or the answer of one that
// has been closed (fs.ErrClosed). It keeps its cause: a closed pipe is
// syscall.EPIPE, a full disk syscall.ENOSPC to errors.Is.
type WriteError struct {
	Path string
	Op   string // append, write, sync or close
	Err  error
}

// Error names the operation and the file.
func (e *WriteError) Error() string {
	return fmt.Sprintf("%s results %s: %v", e.Op, e.Path, e.Err)
}

// Unwrap returns the cause.
func (e *WriteError) Unwrap() error { return e.Err }
