//go:build profile

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
)

// profiled runs the program. If PROFILE names a folder it holds cpu.pprof and
// heap.pprof when the program ends.
func profiled(run func() int) int {
	dir := os.Getenv("PROFILE")
	if dir == "" {
		return run()
	}
	cpu, err := os.Create(filepath.Join(dir, "cpu.pprof"))
	if err == nil {
		err = pprof.StartCPUProfile(cpu)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "specify: error: profile:", err)
		return 70
	}
	status := run()
	pprof.StopCPUProfile()
	if err := errors.Join(cpu.Close(), writeHeap(filepath.Join(dir, "heap.pprof"))); err != nil {
		fmt.Fprintln(os.Stderr, "specify: error: profile:", err)
		return 70
	}
	return status
}

// writeHeap writes what has been allocated, and what was in use at the latest
// collection. None is forced, which would find nothing: that one was in the
// middle of the work.
func writeHeap(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup("heap").WriteTo(f, 0), f.Close())
}
