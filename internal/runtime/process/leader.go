package process

import (
	"os/exec"
	"runtime"
	"sync"
)

// leader is the process that was started, until it is reaped.
type leader struct {
	cmd *exec.Cmd

	// exited is closed when the process has ended. It is a zombie still, so
	// that its pid, which names its group and session too, cannot become
	// another's before reap. Only where awaitExit cannot tell (Windows, where
	// handles do that, and rare systems) it has been reaped.
	exited chan struct{}
	reaped bool  // written before exited is closed
	err    error // what waiting gave if reaped
}

// launch starts cmd in g. Its goroutine ends with the process; whoever called
// launch waits for exited.
//
// The goroutine keeps its thread: PDEATHSIG comes when the thread that
// created the child ends, not the process (golang.org/issue/27505), and a
// thread on which another goroutine may run can end at any time. As a thread
// must block in waitid for each child anyway, this costs none.
func launch(cmd *exec.Cmd, g *group) (*leader, error) {
	cmd.SysProcAttr = g.attr()
	l := &leader{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		g.started(cmd.Process)
		running.add(g)
		started <- nil
		if awaitExit(cmd.Process.Pid) != nil {
			l.reaped, l.err = true, cmd.Wait()
		}
		close(l.exited)
	}()
	return l, <-started
}

// reap collects the ended process; nothing may signal g after it.
func (l *leader) reap(g *group) error {
	running.remove(g)
	if l.reaped {
		return l.err
	}
	return l.cmd.Wait()
}

// running are the groups of all commands, for KillAll.
var running registry

type registry struct {
	mu     sync.Mutex // guards groups, and that none of them is reaped while it is held
	groups map[*group]struct{}
}

func (r *registry) add(g *group) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.groups == nil {
		r.groups = make(map[*group]struct{})
	}
	r.groups[g] = struct{}{}
}

func (r *registry) remove(g *group) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.groups, g)
}

// KillAll sends SIGKILL to every command that runs, in the background with
// its process group. It is for a process that is about to exit without
// waiting for Run, on a second signal for example. It does not wait.
func KillAll() {
	running.mu.Lock()
	defer running.mu.Unlock()
	for g := range running.groups {
		g.clear()
	}
}
