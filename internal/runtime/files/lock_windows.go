package files

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

// lock locks one byte, where no file has one: Windows enforces locks on reads
// and writes. It returns errBusy when another open file has it.
func lock(f *os.File) error {
	place := &windows.Overlapped{Offset: math.MaxUint32, OffsetHigh: math.MaxInt32}
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, place)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return errBusy
	}
	return os.NewSyscallError("LockFileEx", err)
}
