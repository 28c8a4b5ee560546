package httpx

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// dialer makes connections that remember what they cost.
type dialer struct{ net net.Dialer }

// conn is a connection that remembers what it took to make it. Under TLS it is
// the one below.
type conn struct {
	net.Conn
	setup  setup
	remote string // "ADDR:PORT"
}

// setup is the time that a connection took, or the failed attempt at one.
// Parts are task.Unknown when they were not reached or do not apply.
type setup struct{ dns, connect time.Duration }

// DialError is a connection that could not be made.
type DialError struct {
	setup setup
	Err   error
}

func (e *DialError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *DialError) Unwrap() error { return e.Err }

// dial looks the name up and dials. The two are told apart by the moment at
// which the first socket is about to be connected.
func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	began := time.Now()
	var resolved atomic.Int64 // since began; addresses are dialled concurrently (RFC 8305)
	nd := d.net
	nd.ControlContext = func(context.Context, string, string, syscall.RawConn) error {
		resolved.CompareAndSwap(0, max(1, int64(time.Since(began))))
		return nil
	}
	c, err := nd.DialContext(ctx, network, addr)
	took := time.Since(began)

	s := setup{dns: task.Unknown, connect: task.Unknown}
	dns := time.Duration(resolved.Load())
	switch {
	case isLiteral(addr):
		s.connect = took
	case dns > 0:
		s.dns, s.connect = dns, took-dns
	default:
		s.dns = took
	}
	if err != nil {
		return nil, &DialError{s, err}
	}
	return &conn{Conn: c, setup: s, remote: c.RemoteAddr().String()}, nil
}

func isLiteral(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	_, err = netip.ParseAddr(host)
	return err == nil
}

// made returns the conn that c stands on, or nil for one that another dialer
// made (a proxy's).
func made(c net.Conn) *conn {
	for {
		if m, ok := c.(*conn); ok {
			return m
		}
		below, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return nil
		}
		c = below.NetConn()
	}
}
