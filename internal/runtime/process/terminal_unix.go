//go:build unix

package process

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// forwarded are the signals that a command in the foreground gets from us.
// SIGTSTP, SIGCONT, SIGTTIN, SIGTTOU and SIGWINCH are left to the kernel,
// which sends them to the whole group.
var forwarded = []os.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2,
}

// forwarding returns the signals that we get from now until stop. Those that
// we were started to ignore (nohup) stay ignored, as they are in the command.
func forwarding() (signals <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, len(forwarded))
	for _, sig := range forwarded {
		if !signal.Ignored(sig) {
			signal.Notify(c, sig)
		}
	}
	return c, func() { signal.Stop(c) }
}

// terminal is the controlling terminal that we and the command share.
type terminal struct {
	fd    int
	group int  // our process group
	owned bool // it was in the terminal's foreground when the command started
}

// openTerminal returns nil if we have no controlling terminal.
func openTerminal() *terminal {
	fd, err := syscall.Open("/dev/tty", syscall.O_RDWR|syscall.O_NOCTTY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	t := &terminal{fd: fd, group: syscall.Getpgrp()}
	owner, err := t.owner()
	t.owned = err == nil && owner == t.group
	return t
}

// owner returns the process group in the terminal's foreground.
func (t *terminal) owner() (int, error) { return unix.IoctlGetInt(t.fd, unix.TIOCGPGRP) }

// sent reports whether a signal that we got has, as far as anybody can tell,
// come from the terminal and so reached the command as well. os/signal does
// not say who sent a signal: a kill(1) of us alone with SIGINT, while we are
// in the foreground, is taken for a Ctrl-C, as go run and make take it.
func (t *terminal) sent(sig syscall.Signal) bool {
	owner, err := t.owner()
	switch sig {
	case syscall.SIGINT, syscall.SIGQUIT:
		return err == nil && owner == t.group
	case syscall.SIGHUP:
		return err != nil // it was hung up: the kernel and the shell tell all of us
	}
	return false
}

// close gives the terminal back to our group if the command was a shell that
// took it for a group of its own and was killed before it could return it.
// If another group that lives has it, then somebody wanted that, for example
// our own shell with "bg".
func (t *terminal) close() {
	defer syscall.Close(t.fd)
	owner, err := t.owner()
	if !t.owned || err != nil || owner == t.group || syscall.Kill(-owner, 0) != syscall.ESRCH {
		return
	}
	// Not ignored, SIGTTOU would stop us here (tcsetpgrp(3)).
	signal.Ignore(syscall.SIGTTOU)
	defer signal.Reset(syscall.SIGTTOU)
	unix.IoctlSetPointerInt(t.fd, unix.TIOCSPGRP, t.group)
}
