//go:build unix && !linux

package proc

import "os/exec"

// Any is no core in particular.
const Any = -1

// Cores returns twice Any: processes cannot be held to a core here.
func Cores() (measured, other int) { return Any, Any }

// Start starts cmd; the caller waits for it.
func Start(cmd *exec.Cmd, _ int) error { return cmd.Start() }
