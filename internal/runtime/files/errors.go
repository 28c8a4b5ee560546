package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/specify-cli/specify/internal/task"
)

// NameError is a name that no output may have, whatever the disk says.
type NameError struct{ Name, Reason string }

// Error quotes the name.
func (e *NameError) Error() string { return fmt.Sprintf("output %q: %s", e.Name, e.Reason) }

// ErrorType is input.
func (e *NameError) ErrorType() string { return string(task.ErrInput) }

// CollisionError is an output whose place another task of this run has.
type CollisionError struct{ Path, Reason string }

// Error names the output.
func (e *CollisionError) Error() string { return fmt.Sprintf("output %s: %s", e.Path, e.Reason) }

// ErrorType is output_collision.
func (e *CollisionError) ErrorType() string { return string(task.ErrOutputCollision) }

// ChecksumError is a body that is not what was expected.
type ChecksumError struct {
	Path      string
	Want, Got Checksum
}

// Error names the output and both sums.
func (e *ChecksumError) Error() string {
	return fmt.Sprintf("checksum of %s: %s, want %s", e.Path, e.Got, e.Want)
}

// ErrorType is checksum.
func (e *ChecksumError) ErrorType() string { return string(task.ErrChecksum) }

// OutputError is an output that cannot be written here.
type OutputError struct {
	Path string // as named by the user, or below the Dir
	Err  error
	// All says that the next output would fail as well (a full disk, a folder
	// that has turned read-only): no reason to begin another task.
	All bool
}

// Error names the output, not the temporary file that the error arose at.
func (e *OutputError) Error() string { return fmt.Sprintf("output %s: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *OutputError) Unwrap() error { return e.Err }

// Is makes a full disk syscall.ENOSPC on every platform.
func (e *OutputError) Is(target error) bool { return target == syscall.ENOSPC && full(e.Err) }

// ErrorType is output.
func (e *OutputError) ErrorType() string { return string(task.ErrOutput) }

// outputError makes err an *OutputError, unless it has a type already.
func outputError(path string, err error) error {
	if _, typed := errors.AsType[interface {
		error
		ErrorType() string
	}](err); typed {
		return err
	}
	for { // the paths in it are of temporary files
		if pe, ok := err.(*fs.PathError); ok {
			err = pe.Err
		} else if le, ok := err.(*os.LinkError); ok {
			err = le.Err
		} else {
			break
		}
	}
	return &OutputError{Path: path, Err: err, All: full(err) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EIO)}
}

// withCleanup adds the failure to remove a temporary file to err, in one line.
func withCleanup(err error, temp string, cleanup error) error {
	if cleanup == nil || errors.Is(cleanup, fs.ErrNotExist) {
		return err
	}
	return fmt.Errorf("%w (and %s was left behind: %w)", err, temp, cleanup)
}
