package process

import (
	"os"
	"os/signal"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// maxPipe has no use here: readNow reads nothing.
const maxPipe = 0

// group is what belongs to one command: a job object, which all descendants
// join by themselves. A descendant that is born between the start and the
// assignment is missed.
type group struct {
	background bool
	leader     *os.Process
	job        windows.Handle // 0 if there is none
}

func newGroup(foreground bool) *group { return &group{background: !foreground} }

func (g *group) attr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{}
	if g.background {
		attr.CreationFlags = windows.CREATE_NEW_PROCESS_GROUP // for CTRL_BREAK
	}
	return attr
}

// started puts the command into a job. In the background the job ends with
// its last handle, which is ours, and so with us.
func (g *group) started(leader *os.Process) {
	g.leader = leader
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return
	}
	if g.background {
		var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
		info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
		windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
			uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	}
	const access = windows.PROCESS_SET_QUOTA | windows.PROCESS_TERMINATE
	process, err := windows.OpenProcess(access, false, uint32(leader.Pid))
	if err != nil {
		windows.CloseHandle(job)
		return
	}
	defer windows.CloseHandle(process)
	if windows.AssignProcessToJobObject(job, process) != nil {
		windows.CloseHandle(job)
		return
	}
	g.job = job
}

// forward does nothing: the console tells all its processes of Ctrl-C.
func (g *group) forward(syscall.Signal) {}

// stop asks a command in the background to end. One in the foreground shares
// our console, where CTRL_BREAK would reach us too.
func (g *group) stop(syscall.Signal) {
	if g.background {
		windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(g.leader.Pid))
	}
}

func (g *group) kill() { g.clear() }

func (g *group) clear() {
	if g.job != 0 {
		windows.TerminateJobObject(g.job, 1)
	}
	g.leader.Kill()
}

func (g *group) close() {
	if g.job != 0 {
		windows.CloseHandle(g.job)
	}
}

// forwarding keeps Ctrl-C from ending us before the command.
func forwarding() (signals <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	return c, func() { signal.Stop(c) }
}

func signalName(sig syscall.Signal) string { return sig.String() }

// readNow reads nothing: a pipe cannot be read here without waiting.
func readNow(*os.File, []byte) int { return 0 }

// keepDescriptors does nothing: os/exec passes on the standard handles only.
func keepDescriptors() {}
