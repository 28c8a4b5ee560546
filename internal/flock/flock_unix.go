//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package flock

import (
	"os"
	"syscall"
)

// Lock locks f by flock(2), without waiting. It returns ErrLocked when another
// open file has the lock; any other error means that there are no locks here.
// Children do not inherit it: os.OpenFile sets O_CLOEXEC.
func Lock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EWOULDBLOCK:
			return ErrLocked
		}
		return os.NewSyscallError("flock", err)
	}
}

// Unlock gives the lock up, which closing f does as well, but not while a child
// that is between fork and exec shares it.
func Unlock(f *os.File) error {
	return os.NewSyscallError("flock", syscall.Flock(int(f.Fd()), syscall.LOCK_UN))
}
