//go:build !windows

package files

import (
	"errors"
	"syscall"
)

// full reports whether err is a disk, or a share of it, without room.
func full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
