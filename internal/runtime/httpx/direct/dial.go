package direct

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptrace"
	"net/url"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/stack"
)

const (
	protoHTTP1 = "http/1.1"
	protoHTTP2 = "h2"
)

// dialAside is dial on a goroutine of its own, which it waits for. A dial takes
// more of the stack than all else that a request does, and a goroutine keeps what
// its stack has grown to: of those that wait for answers, 8 KiB each. A panic is
// the caller's. The first dial is the caller's own: there may be no other.
func (t *Transport) dialAside(ctx context.Context, o origin, u *url.URL, trace *httptrace.ClientTrace) (c *conn, err error) {
	if !t.dialed.Swap(true) {
		return t.dial(ctx, o, u, trace)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		stack.To16K()
		err = asynccore.Catch(func() (err error) {
			c, err = t.dial(ctx, o, u, trace)
			return err
		})
	}()
	<-done
	if p, ok := errors.AsType[*asynccore.PanicError](err); ok {
		panic(p)
	}
	return c, err
}

// dial opens a connection to u's origin, TLS included. It is made for the request
// that waits for it, never in advance, so there are no more of them than callers.
func (t *Transport) dial(ctx context.Context, o origin, u *url.URL, trace *httptrace.ClientTrace) (*conn, error) {
	shook := func(time.Duration) {}
	if t.TLSHandshake != nil {
		shook = func(took time.Duration) { t.TLSHandshake(ctx, took) }
	}
	raw, tc, err := t.connect(ctx, o.tls, "tcp", address(u), u.Hostname(), trace, shook)
	if err != nil {
		return nil, err
	}
	if tc == nil {
		raw.silence = t.readTimeout(u)
		return newConn(o, raw, raw), nil
	}
	c := newConn(o, raw, tc)
	state := tc.ConnectionState()
	c.state = &state
	if !c.speaksHTTP2() {
		raw.silence = t.readTimeout(u)
	}
	return c, nil
}

func (t *Transport) readTimeout(u *url.URL) time.Duration {
	if t.ReadTimeoutOf != nil {
		return t.ReadTimeoutOf(u)
	}
	return t.ReadTimeout
}

func (c *conn) speaksHTTP2() bool { return c.state != nil && c.state.NegotiatedProtocol == protoHTTP2 }

// connect dials and shakes hands within ConnectTimeout. shook is told how long
// the latter took.
func (t *Transport) connect(ctx context.Context, secure bool, network, addr, host string, trace *httptrace.ClientTrace, shook func(time.Duration)) (*link, *tls.Conn, error) {
	dctx := ctx
	if t.ConnectTimeout > 0 {
		var cancel context.CancelFunc
		dctx, cancel = context.WithTimeout(ctx, t.ConnectTimeout)
		defer cancel()
	}
	dial := t.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	raw, err := dial(dctx, network, addr)
	if err != nil {
		return nil, nil, t.connectError(ctx, dctx, err)
	}
	l := &link{Conn: raw, probe: newProbe(raw)}
	if !secure {
		return l, nil, nil
	}
	tc := tls.Client(l, t.tlsConfig(host))
	if trace != nil && trace.TLSHandshakeStart != nil {
		trace.TLSHandshakeStart()
	}
	began := time.Now()
	err = tc.HandshakeContext(dctx)
	shook(time.Since(began))
	if trace != nil && trace.TLSHandshakeDone != nil {
		trace.TLSHandshakeDone(tc.ConnectionState(), err)
	}
	if err != nil {
		_ = l.Close()
		return nil, nil, t.connectError(ctx, dctx, &HandshakeError{Host: host, Err: err})
	}
	return l, tc, nil
}

// connectError tells the request's own end from ConnectTimeout, and both from
// what the network said.
func (t *Transport) connectError(ctx, dctx context.Context, err error) error {
	if cause := ended(ctx, err); cause != nil {
		return cause
	}
	if ended(dctx, err) != nil {
		return &TimeoutError{Phase: "connect", After: t.ConnectTimeout, Err: err}
	}
	return err
}

// tlsConfig is the caller's, for host. HTTP/2 is offered when there is a
// fallback to speak it and the caller did not choose the protocols.
func (t *Transport) tlsConfig(host string) *tls.Config {
	cfg := t.TLSClientConfig.Clone()
	if cfg == nil {
		cfg = new(tls.Config)
	}
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	switch {
	case t.Fallback == nil:
		cfg.NextProtos = []string{protoHTTP1}
	case cfg.NextProtos == nil:
		cfg.NextProtos = []string{protoHTTP2, protoHTTP1}
	}
	return cfg
}

// address is what u's origin is dialled by.
func address(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}
