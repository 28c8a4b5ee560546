//go:build unix

package commands

import (
	"os"

	"golang.org/x/sys/unix"
)

// foreground reports whether the terminal is ours: a shell that runs us with &
// has its prompt there. Of a terminal that is not the controlling one nothing
// is known, and nothing spoiled.
func foreground(terminal *os.File) bool {
	owner, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err != nil || owner == unix.Getpgrp()
}
