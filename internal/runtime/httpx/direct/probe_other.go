//go:build !unix

package direct

import (
	"errors"
	"net"
	"syscall"
)

// probe needs recv(2) with MSG_DONTWAIT; elsewhere link.watch does its work.
type probe struct{}

func newProbe(net.Conn) *probe { return nil }

func (*probe) socket() syscall.RawConn { return nil }

func (*probe) read([]byte) (int, error) { return 0, errNothingYet }

func (*probe) takeTurn(out, in []byte, idle bool) (*turned, error) {
	return new(turned), errors.ErrUnsupported
}
