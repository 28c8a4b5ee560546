package process

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// dieWithUs asks the kernel to kill the child when we are gone; see launch.
func dieWithUs(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// awaitExit returns when the child has ended, and does not reap it. An error
// says that it cannot tell.
func awaitExit(pid int) error {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != syscall.EINTR {
			return err
		}
	}
}
