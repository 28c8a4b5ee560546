// Package flock locks open files against other processes, and against other
// open files of this one. The kernel drops a lock when its process ends,
// however it ends.
package flock

import "errors"

// ErrLocked is what Lock returns when another open file has the lock.
var ErrLocked = errors.New("locked")
