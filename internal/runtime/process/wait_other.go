//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package process

import "errors"

// awaitExit cannot tell here.
func awaitExit(int) error { return errors.ErrUnsupported }
