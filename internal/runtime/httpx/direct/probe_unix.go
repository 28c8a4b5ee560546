//go:build unix

package direct

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// probe does with a socket what net.Conn cannot. Its functions for the socket
// are bound once, so that using them allocates nothing.
type probe struct {
	raw syscall.RawConn

	ask func(fd uintptr) // recv
	p   []byte
	n   int
	err error

	next func(fd uintptr) bool // step
	turn turn
}

// newProbe returns nil for a connection that does not give its socket away.
func newProbe(c net.Conn) *probe {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	p := &probe{raw: raw}
	p.ask, p.next = p.recv, p.step
	return p
}

// socket returns what p asks; nil for a nil p.
func (p *probe) socket() syscall.RawConn {
	if p == nil {
		return nil
	}
	return p.raw
}

func (p *probe) recv(fd uintptr) {
	p.n, _, p.err = syscall.Recvfrom(int(fd), p.p, syscall.MSG_DONTWAIT)
}

// read reads without waiting and without deadlines. It returns errNothingYet
// when no byte is there and io.EOF when the peer has closed.
func (p *probe) read(b []byte) (int, error) {
	p.p = b
	err := p.raw.Control(p.ask)
	p.p = nil
	switch {
	case err != nil:
		return 0, err
	case errors.Is(p.err, syscall.EAGAIN):
		return 0, errNothingYet
	case p.err != nil:
		return 0, os.NewSyscallError("recvfrom", p.err)
	case p.n == 0 && len(b) > 0:
		return 0, io.EOF
	}
	return p.n, nil
}
