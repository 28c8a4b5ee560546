package httpx

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/specify-cli/specify/internal/runtime/httpx/direct"
	"github.com/specify-cli/specify/internal/runtime/httpx/route"
	"github.com/specify-cli/specify/internal/task"
)

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// routes sends each request directly or through the proxy of its scheme.
type routes struct {
	direct  http.RoundTripper
	proxied func(*url.URL) bool
	via     map[string]http.RoundTripper // by the request's scheme
	deny    route.Deny
}

var _ http.RoundTripper = (*routes)(nil)

// newRoutes makes the transports that the proxies call for. Without any it is
// the direct one alone.
func newRoutes(cfg Config) http.RoundTripper {
	d := &dialer{net: net.Dialer{KeepAlive: keepAliveTime}, deny: cfg.Deny, resolve: cfg.Resolve}
	straight := newDirect(cfg, d.dial)
	if cfg.Proxies.None() {
		return straight
	}
	r := &routes{direct: straight, proxied: cfg.Proxies.Chooser(), via: make(map[string]http.RoundTripper), deny: cfg.Deny}
	for scheme, proxy := range map[string]*url.URL{"http": cfg.Proxies.HTTP, "https": cfg.Proxies.HTTPS} {
		if proxy == nil {
			continue
		}
		p := &proxyDialer{proxy: proxy, agent: cfg.agent(), target: d}
		p.dialer = dialer{net: d.net, resolve: cfg.Resolve} // the user named it: its address is not denied
		if scheme == "http" && (proxy.Scheme == "http" || proxy.Scheme == "https") {
			r.via[scheme] = p.forward(cfg)
		} else {
			r.via[scheme] = newDirect(cfg, p.dial)
		}
	}
	return r
}

func (r *routes) RoundTrip(req *http.Request) (*http.Response, error) {
	if !r.proxied(req.URL) {
		return r.direct.RoundTrip(req)
	}
	// The proxy will look the host up, out of our sight; an address shows.
	if err := r.deny.CheckHost(req.URL.Hostname()); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	resp, err := r.via[req.URL.Scheme].RoundTrip(req)
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "proxyconnect" {
		err = op.Err // http.Transport's words for what our own say better
	}
	return resp, err
}

// CloseIdleConnections closes those of all ways.
func (r *routes) CloseIdleConnections() {
	closeIdle(r.direct)
	for _, rt := range r.via {
		closeIdle(rt)
	}
}

// proxyDialer makes connections to a proxy, and through it.
type proxyDialer struct {
	dialer dialer
	proxy  *url.URL
	agent  string  // User-Agent of a CONNECT
	target *dialer // what a target is judged and resolved by where that is ours to do
}

// reach connects to the proxy itself. An https proxy is verified by the system's
// roots (SSL_CERT_FILE): --cacert, --cert and --insecure are about the target.
func (p *proxyDialer) reach(ctx context.Context) (*conn, error) {
	began := time.Now()
	raw, err := p.dialer.dial(ctx, "tcp", p.proxy.Host)
	if err != nil {
		if failed, ok := errors.AsType[*DialError](err); ok {
			return nil, &DialError{failed.setup, &route.ProxyError{Proxy: route.Name(p.proxy), Err: dialCause(failed.Err)}}
		}
		return nil, err
	}
	c := raw.(*conn)
	if p.proxy.Scheme != "https" {
		return c, nil
	}
	secure := tls.Client(c, &tls.Config{ServerName: p.proxy.Hostname(), MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		handshake := &direct.HandshakeError{Host: p.proxy.Hostname(), Err: err}
		return nil, &DialError{c.since(began), &route.ProxyError{Proxy: route.Name(p.proxy), Err: handshake}}
	}
	return &conn{Conn: secure, setup: c.since(began), remote: c.remote}, nil
}

// since is the connection's setup with all that came after dialling booked as
// connecting.
func (c *conn) since(began time.Time) setup {
	s := c.setup
	s.connect = time.Since(began) - max(0, s.dns)
	return s
}

// dialCause leaves out of a failed dial what says where to: the proxy's name
// stands before it.
func dialCause(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return op.Err
	}
	return err
}

// dial connects to addr through the proxy.
func (p *proxyDialer) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	began := time.Now()
	if p.proxy.Scheme == "socks5" { // as in curl: socks5h leaves the look-up to the proxy
		var err error
		if addr, err = p.target.lookUp(ctx, addr); err != nil {
			return nil, &DialError{setup{time.Since(began), task.Unknown}, err}
		}
	}
	c, err := p.reach(ctx)
	if err != nil {
		return nil, err
	}
	if err := route.Tunnel(ctx, c, p.proxy, addr, p.agent); err != nil {
		_ = c.Close()
		return nil, &DialError{c.since(began), err}
	}
	c.setup = c.since(began)
	return c, nil
}

// lookUp turns "host:port" into "address:port", with the first address that is
// not denied.
func (d *dialer) lookUp(ctx context.Context, addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	all := d.resolve.Lookup(addr)
	if a, err := netip.ParseAddr(host); err == nil && all == nil {
		all = []netip.Addr{a}
	}
	if all == nil {
		if all, err = net.DefaultResolver.LookupNetIP(ctx, "ip", host); err != nil {
			return "", err
		}
	}
	for _, a := range all {
		if err = d.deny.Check(a); err == nil {
			return net.JoinHostPort(a.Unmap().String(), port), nil
		}
	}
	return "", err
}

// forward makes a transport that asks the proxy for whole URLs (RFC 9112
// §3.2.2): that of http targets through an http or https proxy.
func (p *proxyDialer) forward(cfg Config) http.RoundTripper {
	rt := newHTTPTransport(cfg, func(ctx context.Context, _, _ string) (net.Conn, error) { return p.reach(ctx) })
	rt.Proxy = http.ProxyURL(&url.URL{Scheme: "http", User: p.proxy.User, Host: p.proxy.Host}) // reach does an https proxy's TLS
	return watched(rt, cfg)
}

// within bounds dial, where nobody below does.
func within(limit time.Duration, dial dialFunc) dialFunc {
	if limit <= 0 {
		return dial
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, limit, &TimeoutError{task.ErrTimeoutConnect, limit})
		defer cancel()
		c, err := dial(ctx, network, addr)
		if late, ok := errors.AsType[*TimeoutError](context.Cause(ctx)); err != nil && ok {
			return nil, late
		}
		return c, err
	}
}

// agent is the User-Agent of requests.
func (cfg *Config) agent() string {
	agent := cfg.UserAgent
	for _, f := range cfg.Header {
		if http.CanonicalHeaderKey(f.Name) == "User-Agent" {
			agent = f.Value
		}
	}
	return agent
}
