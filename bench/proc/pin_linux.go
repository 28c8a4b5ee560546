package proc

import (
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// Any is no core in particular.
const Any = -1

// Cores returns a core for the programs that are measured and another one for
// what serves them, or twice Any where there are not two.
func Cores() (measured, other int) {
	var may unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil || may.Count() < 2 {
		return Any, Any
	}
	var cores []int
	for i := 0; len(cores) < 2; i++ {
		if may.IsSet(i) {
			cores = append(cores, i)
		}
	}
	return cores[1], cores[0]
}

// Start starts cmd on core, one of Cores or Any; the caller waits for it. A
// process inherits the cores of the thread that makes it.
func Start(cmd *exec.Cmd, core int) error {
	if core == Any {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	one.Set(core)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return err
	}
	err := cmd.Start()
	if restored := unix.SchedSetaffinity(0, &before); err == nil {
		err = restored
	}
	return err
}
