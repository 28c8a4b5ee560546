package direct

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Defaults for fields of Transport that are zero.
const (
	DefaultMaxIdlePerHost         = 16
	DefaultMaxIdle                = 512
	DefaultIdleTimeout            = 90 * time.Second
	DefaultMaxResponseHeaderBytes = 256 << 10
)

// Transport is an http.RoundTripper. The zero value is usable; fields must not
// be changed after the first request. It is safe for concurrent use.
//
// A request is written and its answer read by the goroutine that calls
// RoundTrip and reads the body; a request with a body has one more goroutine
// until the body is sent or the answer is over, and a dial has one. There are
// never more connections than requests in flight plus idle ones. The owner ends
// with CloseIdleConnections.
//
// Unlike http.Transport it never asks for or decodes gzip, ignores proxy
// settings, and refuses an answer of 101 that nobody asked for.
type Transport struct {
	// DialContext opens connections, which must honour deadlines; nil stands
	// for a net.Dialer. Where a connection offers its socket (syscall.Conn), that
	// is asked for stray bytes before the connection is used again, and most
	// requests go there: past its own Read and Write.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// TLSClientConfig is cloned for each connection. ServerName is set to the
	// request's host unless given; less than TLS 1.2 is never spoken. NextProtos
	// decides whether HTTP/2 is offered; nil offers it when Fallback is set.
	TLSClientConfig *tls.Config

	// Fallback takes what this transport does not speak: HTTP/2, requests with
	// Upgrade, CONNECT, Expect, trailers or their own Transfer-Encoding, hosts
	// that need IDNA, other schemes. Without it such requests are errors.
	// See DialTLSContext.
	Fallback http.RoundTripper

	MaxIdlePerHost int           // idle connections kept for an origin; 0: DefaultMaxIdlePerHost; negative: none
	MaxIdle        int           // idle connections kept in all; 0: DefaultMaxIdle; negative: none
	IdleTimeout    time.Duration // how long one is kept; 0: DefaultIdleTimeout; negative: for ever

	// MaxResponseHeaderBytes bounds an answer's headers together with those of
	// the interim (1xx) answers before it; 0: DefaultMaxResponseHeaderBytes.
	MaxResponseHeaderBytes int64

	// ConnectTimeout bounds dial and TLS handshake together; 0: no limit.
	ConnectTimeout time.Duration

	// ReadTimeout bounds the server's silence: before the headers, counted from
	// the end of the request, and within the body, where the time between two
	// Reads of the caller does not count. It also bounds the wait for a server
	// that takes no more of the request's body. 0: no limit.
	ReadTimeout time.Duration

	// ReadTimeoutOf, if not nil, says the ReadTimeout of a URL's origin. It is
	// asked when a connection is made.
	ReadTimeoutOf func(u *url.URL) time.Duration

	// GotConn, if not nil, is asked each time that a request is about to be
	// written on a connection: an error keeps it from being written and is what
	// RoundTrip returns. instead says that nothing was written on the connection
	// that it was asked about last, which had ended; this one takes its place.
	// TLSHandshake, if not nil, is told how long one took, be it a failed one. Both
	// get the request's context, before RoundTrip returns. They tell what an
	// httptrace.ClientTrace is told, which is heard too, but needs a context made
	// for each request; requests that go to the Fallback have only that one.
	GotConn      func(ctx context.Context, info httptrace.GotConnInfo, instead bool) error
	TLSHandshake func(ctx context.Context, took time.Duration)

	once      sync.Once    // sets up pool
	dialed    atomic.Bool  // whether the first dial, which is not aside, has begun
	delegated atomic.Int64 // requests that the Fallback has not answered yet
	pool      pool
	scopes    scopes
	http2     http2
}

var _ http.RoundTripper = (*Transport)(nil)

// RoundTrip sends req and returns the answer, whose body the caller must
// close. The end of req's context is reported as its cause; otherwise errors
// are *TimeoutError, *ResponseError, *HandshakeError, io.EOF for no answer,
// io.ErrUnexpectedEOF for one that ends early, or what net and crypto/tls
// return (*net.OpError, *net.DNSError), all to be found with errors.As and
// errors.Is. The body's Read returns the same.
//
// A request that met an idle connection which turned out dead is sent once
// more on a new one, if nothing was answered and either nothing was sent or
// the method is safe to repeat (as http.Transport decides). So is one that
// crossed the server's 408 on its way.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	trace := httptrace.ContextClientTrace(ctx)
	var plain []byte
	if trace == nil { // else Request.Write tells it
		memory := plainRequests.Get().(*plainRequest)
		defer plainRequests.Put(memory)
		plain = memory.of(req)
	}
	if plain == nil {
		if err := check(req); err != nil {
			closeBody(req)
			return nil, err
		}
	}
	o := origin{tls: req.URL.Scheme == "https", host: req.URL.Host}
	if plain == nil && !direct(req) || o.tls && t.http2.knows(o) {
		return t.fallBack(req)
	}
	if ctx.Err() != nil {
		closeBody(req)
		return nil, context.Cause(ctx)
	}
	out, fresh, instead := req, false, false
	for {
		c, err := t.acquire(ctx, o, req.URL, trace, fresh, plain != nil)
		if err != nil {
			closeBody(out)
			return nil, err
		}
		if c.speaksHTTP2() {
			return t.handOver(req, out, c)
		}
		if err := t.gotConn(ctx, c, trace, instead); err != nil {
			c.abort()
			closeBody(out)
			return nil, err
		}
		x := exchanges.Get().(*exchange)
		x.pool, x.scopes, x.maxHeader, x.c, x.req, x.plain, x.trace = &t.pool, &t.scopes, t.MaxResponseHeaderBytes, c, out, plain, trace
		if x.maxHeader <= 0 {
			x.maxHeader = DefaultMaxResponseHeaderBytes
		}
		resp, err := x.run()
		if err == nil && !x.crossed(resp) {
			resp.Request = req
			return resp, nil
		}
		if err == nil {
			_ = resp.Body.Close() // and the connection with it
		} else if !x.stale() {
			return nil, err
		}
		instead = err != nil && x.readErr == errUnasked // nothing happened: another idle connection may do
		fresh = !instead                                // else this was the only repetition
		if out, err = rewind(req); err != nil {
			return nil, err
		}
	}
}

// acquire returns a connection that is ready for a request: an idle one that is
// still good, unless fresh, or a new one. A plain request finds out by itself
// whether an idle one is, where it goes out in one turn.
func (t *Transport) acquire(ctx context.Context, o origin, u *url.URL, trace *httptrace.ClientTrace, fresh, plain bool) (*conn, error) {
	t.once.Do(t.setUp)
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(address(u))
	}
	if !fresh {
		now := time.Now()
		for c := t.pool.get(o, now); c != nil; c = t.pool.get(o, now) {
			if c.begin(plain && c.inTurn(), now) {
				return c, nil
			}
			c.abort()
		}
	}
	c, err := t.dialAside(ctx, o, u, trace)
	if err == nil && !c.speaksHTTP2() {
		c.begin(false, time.Now())
	}
	return c, err
}

// gotConn tells whoever wants to know of the connection for a request.
func (t *Transport) gotConn(ctx context.Context, c *conn, trace *httptrace.ClientTrace, instead bool) error {
	info := httptrace.GotConnInfo{Conn: c.rw, Reused: c.reused, WasIdle: c.reused}
	if trace != nil && trace.GotConn != nil {
		if c.reused {
			info.IdleTime = time.Since(c.idleSince)
		}
		trace.GotConn(info)
		if ctx.Err() != nil { // it may have had enough: nothing is written then
			return context.Cause(ctx)
		}
	}
	if t.GotConn != nil {
		return t.GotConn(ctx, info, instead)
	}
	return nil
}

func (t *Transport) fallBack(req *http.Request) (*http.Response, error) {
	if t.Fallback == nil {
		closeBody(req)
		return nil, fmt.Errorf("%s %s: %w", req.Method, req.URL.Redacted(), errNoFallback)
	}
	return t.delegate(req, req)
}

// delegate sends out, which is req or its repetition, through the fallback.
// http.Transport does not always name the request it was given.
func (t *Transport) delegate(req, out *http.Request) (*http.Response, error) {
	defer t.delegated.Add(-1)
	if t.delegated.Add(1) >= crowd {
		runtime.Gosched()
	}
	resp, err := t.Fallback.RoundTrip(out)
	if err == nil {
		resp.Request = req
	}
	return resp, err
}

func (t *Transport) setUp() {
	t.pool.perHost = orDefault(t.MaxIdlePerHost, DefaultMaxIdlePerHost)
	t.pool.total = orDefault(t.MaxIdle, DefaultMaxIdle)
	t.pool.timeout = orDefault(t.IdleTimeout, DefaultIdleTimeout)
}

func orDefault[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

// CloseIdleConnections closes idle connections, those of the Fallback too.
// Until the next request, connections in use are closed as they become idle.
func (t *Transport) CloseIdleConnections() {
	t.pool.closeAll()
	if f, ok := t.Fallback.(interface{ CloseIdleConnections() }); ok {
		f.CloseIdleConnections()
	}
}
