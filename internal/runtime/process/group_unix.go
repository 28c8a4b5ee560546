//go:build unix

package process

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// group is what belongs to one command: the processes that signals for it
// reach. Where they are depends on the mode.
//
// In the background the command leads a session, which is a process group and
// has no controlling terminal. A mere process group would do for signals, but
// a program in it that asks on /dev/tty for a password (ssh, git, sudo) would
// be stopped by SIGTTIN for ever; so it is told that there is no terminal.
//
// In the foreground without a controlling terminal (CI, cron) it leads a
// process group. With one it stays in ours: the shell has given the terminal
// to our group, which "specify exec -- a | less" shares with less. Giving the
// terminal to a group of the command's own, as shells do, would stop less,
// and leaving the command a background group would stop the command when it
// reads. Ctrl-C, Ctrl-\ and Ctrl-Z then reach the command from the kernel,
// together with us, and we stop and go on with it as the shell sees fit. The
// price is that such a command's descendants are found by their parentage.
type group struct {
	session  bool
	terminal *terminal // nil unless the command shares our group
	leader   *os.Process
	family   family
}

// newGroup returns the group of a command that is about to start.
func newGroup(foreground bool) *group {
	g := &group{session: !foreground}
	if foreground {
		g.terminal = openTerminal()
	}
	return g
}

func (g *group) attr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: g.session, Setpgid: !g.session && g.terminal == nil}
	dieWithUs(attr)
	return attr
}

func (g *group) started(leader *os.Process) {
	g.leader = leader
	g.family = family{leader: leader.Pid, session: g.session}
}

// forward passes on a signal that we got. SIGUSR1 and SIGUSR2 mean what the
// program says, and end those that say nothing: they go to the leader alone,
// which we stand for. The others ask to end, and go to all.
func (g *group) forward(sig syscall.Signal) {
	switch {
	case sig == syscall.SIGUSR1 || sig == syscall.SIGUSR2:
		g.leader.Signal(sig)
	case g.terminal != nil && g.terminal.sent(sig):
	default:
		g.signal(sig)
	}
}

// stop asks all to end, those that are stopped too.
func (g *group) stop(sig syscall.Signal) {
	g.signal(sig)
	g.signal(syscall.SIGCONT)
}

// kill ends everything that can be found, those that have left the group too.
func (g *group) kill() {
	g.family.refresh()
	g.clear()
	g.family.kill()
}

// clear sends SIGKILL to the group, or to the leader alone if the group is
// ours too.
func (g *group) clear() {
	if g.terminal != nil {
		g.leader.Kill()
		return
	}
	// The leader has not been reaped, so that the number is its group's. No
	// error counts: EPERM and ESRCH say that nobody is left to get it.
	syscall.Kill(-g.leader.Pid, syscall.SIGKILL)
}

// signal sends sig to all. It looks for the family first, while all its
// parents live: some may obey and leave orphans that do not.
func (g *group) signal(sig syscall.Signal) {
	living := g.family.refresh()
	if g.terminal == nil {
		syscall.Kill(-g.leader.Pid, sig)
		return
	}
	for _, p := range living {
		p.signal(sig)
	}
	if len(living) == 0 { // there is no table of processes to be read
		g.leader.Signal(sig)
	}
}

// close is called once the leader has been reaped.
func (g *group) close() {
	if g.terminal != nil {
		g.terminal.close()
	}
}

func signalName(sig syscall.Signal) string {
	if name := unix.SignalName(sig); name != "" {
		return name
	}
	return sig.String() // "signal 34": realtime signals have no names
}
