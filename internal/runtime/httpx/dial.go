package httpx

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/specify-cli/specify/internal/runtime/httpx/route"
	"github.com/specify-cli/specify/internal/task"
)

// dialer makes connections that remember what they cost.
type dialer struct {
	net     net.Dialer
	deny    route.Deny
	resolve route.Resolve
}

// conn is a connection that remembers what it took to make it. Under TLS it is
// the one below.
type conn struct {
	net.Conn
	setup  setup
	remote string // "ADDR:PORT"
}

var _ syscall.Conn = (*conn)(nil)

// SyscallConn gives the socket away when it is right below: the direct transport
// asks it for stray bytes. Below a proxy's TLS it would see bytes of that. Where
// it cannot be asked, a goroutine is kept at each idle connection, and woken for
// each request: 4 us.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	if s, ok := c.Conn.(syscall.Conn); ok {
		return s.SyscallConn()
	}
	return nil, errors.ErrUnsupported
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
// which the first socket is about to be connected, which is also when its
// address is judged: whatever the name stood for a moment ago.
func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	began := time.Now()
	var resolved atomic.Int64 // since began; addresses are dialled concurrently (RFC 8305)
	nd := d.net
	nd.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
		resolved.CompareAndSwap(0, max(1, int64(time.Since(began))))
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err // cannot be: the address is the dialer's
		}
		return d.deny.Check(to.Addr())
	}
	given := d.resolve.Lookup(addr)
	c, err := connect(ctx, &nd, network, addr, given)
	took := time.Since(began)

	s := setup{dns: task.Unknown, connect: task.Unknown}
	dns := time.Duration(resolved.Load())
	switch {
	case given != nil || isLiteral(addr):
		s.connect = took
	case dns > 0:
		s.dns, s.connect = dns, took-dns
	default:
		s.dns = took
	}
	if denied, ok := errors.AsType[*route.DeniedError](err); ok {
		err = denied // it names the address
	}
	if err != nil {
		return nil, &DialError{s, err}
	}
	return &conn{Conn: c, setup: s, remote: c.RemoteAddr().String()}, nil
}

// connect dials addr, or the given addresses in its place one after the other,
// each with its share of the time that is left.
func connect(ctx context.Context, nd *net.Dialer, network, addr string, given []netip.Addr) (c net.Conn, err error) {
	if given == nil {
		return nd.DialContext(ctx, network, addr)
	}
	_, port, _ := net.SplitHostPort(addr) // it was looked up by both parts
	for i, a := range given {
		share, cancel := ctx, context.CancelFunc(func() {})
		if at, ok := ctx.Deadline(); ok {
			share, cancel = context.WithTimeout(ctx, time.Until(at)/time.Duration(len(given)-i))
		}
		var failed error
		c, failed = nd.DialContext(share, network, net.JoinHostPort(a.String(), port))
		cancel()
		if failed == nil {
			return c, nil
		}
		if err == nil {
			err = failed
		}
	}
	return nil, err
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
