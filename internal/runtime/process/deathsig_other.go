//go:build unix && !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package process

import "syscall"

// dieWithUs does nothing: there is no PDEATHSIG here.
func dieWithUs(*syscall.SysProcAttr) {}
