package files

import (
	"errors"

	"golang.org/x/sys/windows"
)

// full reports whether err is a disk, or a share of it, without room.
func full(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}
