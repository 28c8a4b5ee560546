//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package process

import "syscall"

// dieWithUs does nothing: there is no PDEATHSIG here.
func dieWithUs(*syscall.SysProcAttr) {}

// awaitExit returns when the child has ended, and does not reap it. An error
// says that it cannot tell. waitid with WNOWAIT would do but for Darwin, where
// it also returns for a child that is merely stopped (golang.org/issue/19314).
func awaitExit(pid int) error {
	queue, err := syscall.Kqueue()
	if err != nil {
		return err
	}
	defer syscall.Close(queue)
	event := make([]syscall.Kevent_t, 1)
	syscall.SetKevent(&event[0], pid, syscall.EVFILT_PROC, syscall.EV_ADD|syscall.EV_ONESHOT)
	event[0].Fflags = syscall.NOTE_EXIT
	for {
		n, err := syscall.Kevent(queue, event, event, nil)
		if err == syscall.EINTR {
			continue // the change was made all the same; making it twice is harmless
		}
		if n == 1 && event[0].Flags&syscall.EV_ERROR != 0 {
			err = syscall.Errno(event[0].Data)
		}
		if err == syscall.ESRCH {
			return nil // it is a zombie already
		}
		return err
	}
}
