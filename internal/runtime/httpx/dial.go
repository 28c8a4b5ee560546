package httpx

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// dialer makes connections, plain and TLS, that remember what they cost. Name
// look-up, dialling and the TLS handshake share one time limit.
type dialer struct {
	timeout time.Duration // 0 is none
	tls     *tls.Config
	net     net.Dialer
}

// conn is a connection that remembers what it took to make it. Under TLS it is
// the connection below the *tls.Conn.
type conn struct {
	net.Conn
	setup  setup
	remote string // "ADDR:PORT"
}

// setup is the time that a connection took, or the failed attempt at one.
// Parts are task.Unknown when they were not reached or do not apply.
type setup struct{ dns, connect, tls time.Duration }

// sum returns the known parts together.
func (s setup) sum() time.Duration { return max(0, s.dns) + max(0, s.connect) + max(0, s.tls) }

// DialError is a connection that could not be made.
type DialError struct {
	setup setup
	Err   error
}

func (e *DialError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *DialError) Unwrap() error { return e.Err }

// handshakeError is a failed TLS handshake.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return fmt.Sprintf("TLS handshake: %v", e.err) }

func (e *handshakeError) Unwrap() error { return e.err }

// ErrorType tells a certificate that was refused from any other failure.
func (e *handshakeError) ErrorType() string {
	if isCertificate(e.err) {
		return string(task.ErrCertificate)
	}
	return string(task.ErrTLS)
}

// dialTCP is http.Transport's DialContext.
func (d *dialer) dialTCP(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := d.limit(ctx)
	defer cancel()
	c, err := d.connect(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// dialTLS is http.Transport's DialTLSContext. Its result is a *tls.Conn, which
// is what http.Transport looks for to speak HTTP/2.
func (d *dialer) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := d.limit(ctx)
	defer cancel()
	c, err := d.connect(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	config := d.tls.Clone()
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(addr)
	}
	began := time.Now()
	secure := tls.Client(c, config)
	err = secure.HandshakeContext(ctx)
	c.setup.tls = time.Since(began)
	if err != nil {
		_ = c.Close() // the handshake's error is the one that tells
		if cause := context.Cause(ctx); cause != nil {
			return nil, &DialError{c.setup, cause}
		}
		return nil, &DialError{c.setup, &handshakeError{err}}
	}
	return secure, nil
}

func (d *dialer) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if d.timeout <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, d.timeout, &TimeoutError{task.ErrTimeoutConnect, d.timeout})
}

// connect looks the name up and dials. The two are told apart by the moment at
// which the first socket is about to be connected.
func (d *dialer) connect(ctx context.Context, network, addr string) (*conn, error) {
	began := time.Now()
	var resolved atomic.Int64 // since began; addresses are dialled concurrently (RFC 8305)
	nd := d.net
	nd.ControlContext = func(context.Context, string, string, syscall.RawConn) error {
		resolved.CompareAndSwap(0, max(1, int64(time.Since(began))))
		return nil
	}
	c, err := nd.DialContext(ctx, network, addr)
	took := time.Since(began)

	s := setup{dns: task.Unknown, connect: task.Unknown, tls: task.Unknown}
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
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
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

// made returns the conn that c is or stands on, or nil for one that another
// dialer made (a proxy's).
func made(c net.Conn) *conn {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	m, _ := c.(*conn)
	return m
}
