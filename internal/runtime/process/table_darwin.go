package process

import "golang.org/x/sys/unix"

// zombie is SZOMB of sys/proc.h.
const zombie = 5

// processes reads the table of processes with sysctl(3).
func processes() []process {
	entries, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil
	}
	table := make([]process, len(entries))
	for i := range entries {
		table[i] = fromKinfo(&entries[i])
	}
	return table
}

// lookUp reads one entry; ok is false if there is no such process.
func lookUp(pid int) (p process, ok bool) {
	entry, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(entry.Proc.P_pid) != pid {
		return process{}, false
	}
	return fromKinfo(entry), true
}

func fromKinfo(entry *unix.KinfoProc) process {
	p := process{
		pid:    int(entry.Proc.P_pid),
		parent: int(entry.Eproc.Ppid),
		start:  entry.Proc.P_starttime.Nano(),
		dead:   entry.Proc.P_stat == zombie,
	}
	// The table has the session as a kernel address. 0 is nobody's.
	p.session, _ = unix.Getsid(p.pid)
	return p
}
