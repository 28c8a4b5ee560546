package flock

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

// place is the one byte that is locked. Windows enforces locks on reads and
// writes, so it lies where no file has one: others may follow the file.
func place() *windows.Overlapped {
	return &windows.Overlapped{Offset: math.MaxUint32, OffsetHigh: math.MaxInt32}
}

// Lock locks f, without waiting. It returns ErrLocked when another open file
// has the lock; any other error means that there are no locks here.
func Lock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, place())
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return ErrLocked
	}
	return os.NewSyscallError("LockFileEx", err)
}

// Unlock gives the lock up.
func Unlock(f *os.File) error {
	return os.NewSyscallError("UnlockFileEx", windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, place()))
}
