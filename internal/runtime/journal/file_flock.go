//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package journal

import (
	"os"
	"syscall"
)

// lock takes flock(2), which the kernel drops when the process ends, however
// it ends. Children do not inherit it: os.OpenFile sets O_CLOEXEC.
func lock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EWOULDBLOCK:
			return errLocked
		}
		return os.NewSyscallError("flock", err)
	}
}

func unlock(f *os.File) error {
	return os.NewSyscallError("flock", syscall.Flock(int(f.Fd()), syscall.LOCK_UN))
}

func truncate(f *os.File, size int64) error { return f.Truncate(size) }
