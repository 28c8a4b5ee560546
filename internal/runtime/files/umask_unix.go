//go:build unix

package files

import (
	"io/fs"
	"sync"
	"syscall"
)

// umask returns the process's file mode creation mask, which can only be read
// by setting it: it is read once, before the first file is made.
var umask = sync.OnceValue(func() fs.FileMode {
	mask := syscall.Umask(0o77)
	syscall.Umask(mask)
	return fs.FileMode(mask)
})
