package files

import (
	"errors"
	"syscall"
	"time"
)

// The wait for a file descriptor begins at firstWait and doubles; all waits of
// one output together are no longer than longestWait.
const (
	firstWait   = 5 * time.Millisecond
	longestWait = 5 * time.Second
)

// patience waits out a lack of file descriptors. Other tasks give theirs back
// at any moment, and it is the machine's trouble, not the output's. The zero
// value has not waited yet.
type patience struct{ next, waited time.Duration }

// again reports whether err is such a lack, after a wait, and what failed is to
// be done again.
func (p *patience) again(err error) bool {
	if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) || p.waited >= longestWait {
		return false
	}
	p.next = max(2*p.next, firstWait)
	time.Sleep(p.next)
	p.waited += p.next
	return true
}
