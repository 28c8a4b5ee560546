package direct

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// maxKnown bounds the memory of origins that speak HTTP/2. Forgetting one
// costs it another handshake.
const maxKnown = 4096

// http2 knows the origins that chose HTTP/2, and holds connections to them
// while the fallback is on its way to ask for one.
type http2 struct {
	mu     sync.Mutex // guards all below
	known  map[origin]struct{}
	parked map[string][]*tls.Conn // by dialled address
}

func (h *http2) knows(o origin) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, ok := h.known[o]
	return ok
}

func (h *http2) learn(o origin) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known == nil {
		h.known = make(map[origin]struct{})
	}
	if len(h.known) >= maxKnown {
		for any := range h.known {
			delete(h.known, any)
			break
		}
	}
	h.known[o] = struct{}{}
}

func (h *http2) park(addr string, tc *tls.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.parked == nil {
		h.parked = make(map[string][]*tls.Conn)
	}
	h.parked[addr] = append(h.parked[addr], tc)
}

// take removes want, or any connection to addr when want is nil. It returns
// nil when there is none.
func (h *http2) take(addr string, want *tls.Conn) *tls.Conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	cs := h.parked[addr]
	for i, tc := range cs {
		if want != nil && want != tc {
			continue
		}
		if len(cs) == 1 {
			delete(h.parked, addr)
		} else {
			h.parked[addr] = append(cs[:i], cs[i+1:]...)
		}
		return tc
	}
	return nil
}

// handOver gives a request whose origin chose HTTP/2 to the fallback, and its
// connection too when the fallback dials through DialTLSContext; else the
// connection is closed and the fallback opens its own.
func (t *Transport) handOver(req, out *http.Request, c *conn) (*http.Response, error) {
	t.http2.learn(c.origin)
	addr, tc := address(req.URL), c.rw.(*tls.Conn)
	t.http2.park(addr, tc)
	defer func() {
		if t.http2.take(addr, tc) != nil {
			_ = tc.Close()
		}
	}()
	return t.delegate(req, out)
}

// DialTLSContext is for the DialTLSContext of the http.Transport that is the
// Fallback (with ForceAttemptHTTP2, which it needs to offer HTTP/2 over a
// dialer of ours). It saves a new HTTP/2 origin its second handshake: the
// connection on which this transport learned the protocol is used on. Others
// are dialled with this transport's settings.
func (t *Transport) DialTLSContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if tc := t.http2.take(addr, nil); tc != nil {
		return tc, nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	// The fallback announces the handshake to the trace itself.
	_, tc, err := t.connect(ctx, true, network, addr, host, (*httptrace.ClientTrace)(nil), func(time.Duration) {})
	if err != nil {
		return nil, err
	}
	return tc, nil
}
