package journal

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

// lockPlace is the one byte that is locked. Windows enforces locks on reads
// too, so it lies where no record will ever be: others may follow the file.
func lockPlace() *windows.Overlapped {
	return &windows.Overlapped{Offset: math.MaxUint32, OffsetHigh: math.MaxInt32}
}

// lock takes a lock that Windows drops when the process ends.
func lock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, lockPlace())
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return errLocked
	}
	return os.NewSyscallError("LockFileEx", err)
}

func unlock(f *os.File) error {
	return os.NewSyscallError("UnlockFileEx", windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, lockPlace()))
}

// truncate opens the file once more: a handle opened with O_APPEND has only
// FILE_APPEND_DATA, with which SetEndOfFile is denied.
func truncate(f *os.File, size int64) error { return os.Truncate(f.Name(), size) }
