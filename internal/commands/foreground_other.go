//go:build !unix

package commands

import "os"

// foreground reports that the terminal is ours: there is no job control.
func foreground(*os.File) bool { return true }
