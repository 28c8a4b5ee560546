//go:build unix

package httpx

import (
	"math"
	"syscall"
)

// Descriptors returns how many file descriptors this process may have open. The
// Go runtime has raised the soft limit to the hard one by the time it is asked.
func Descriptors() (limit int, known bool) {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return 0, false
	}
	return int(min(uint64(r.Cur), math.MaxInt32)), true // without a limit it is beyond any int
}
