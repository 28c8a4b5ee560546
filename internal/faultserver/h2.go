package faultserver

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
)

// http2Server answers the well-formed paths over HTTP/2 with net/http's own
// server; the faults below that level are in h2raw.go.
type http2Server struct {
	server *Server
	http   *http.Server
	conns  chan net.Conn // from take to Accept
}

func newHTTP2Server(s *Server) *http2Server {
	h := &http2Server{server: s, conns: make(chan net.Conn)}
	h.http = &http.Server{
		Handler:     h,
		ConnContext: withLink,
		ErrorLog:    log.New(io.Discard, "", 0), // broken connections are our trade
	}
	return h
}

// serve runs until close.
func (h *http2Server) serve() { _ = h.http.Serve(h) } // always http.ErrServerClosed or net.ErrClosed

// take hands over a connection whose handshake chose h2.
func (h *http2Server) take(conn *tls.Conn) {
	select {
	case h.conns <- conn:
	case <-h.server.ctx.Done():
		conn.Close()
	}
}

// close ends Serve and all connections that it has.
func (h *http2Server) close() { h.http.Close() }

// Accept, Close and Addr make h the net.Listener of its own http.Server.
func (h *http2Server) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.server.ctx.Done():
		return nil, net.ErrClosed
	}
}

func (h *http2Server) Close() error   { return nil }
func (h *http2Server) Addr() net.Addr { return &net.TCPAddr{} }

type linkKey struct{}

func withLink(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, linkKey{}, conn.(*tls.Conn).NetConn().(*link))
}

// ServeHTTP renders the answer of the request's path.
func (h *http2Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := h.server
	if !s.track() {
		panic(http.ErrAbortHandler)
	}
	defer s.wg.Done()
	k := r.Context().Value(linkKey{}).(*link)
	req := s.newRequest(k.origin, r)
	visit := s.enter(k.id, req)
	defer visit.end()

	if err := req.readBody(); err != nil {
		panic(http.ErrAbortHandler)
	}
	a := req.answer()
	if a.commit {
		s.stats.commit(r.URL.Path)
	}
	if a.wait > 0 && !s.pause(a.wait) {
		panic(http.ErrAbortHandler)
	}
	if a.status != 0 {
		visit.status(a.status)
		a.complete()
		maps.Copy(w.Header(), a.header)
		w.WriteHeader(a.status)
		if a.hasBody(r.Method) {
			a.copyBody(w, "", func() {
				if a.end != hang {
					visit.end()
				}
			})
		}
	}
	if a.end == keep {
		return
	}
	if a.status != 0 {
		_ = http.NewResponseController(w).Flush() // fails only when the client has gone
	}
	if a.end == hang {
		select {
		case <-r.Context().Done():
		case <-s.ctx.Done():
		}
	}
	panic(http.ErrAbortHandler) // becomes a RST_STREAM
}

// track counts a goroutine that Close must wait for, and which Server.wg.Go
// did not start. It reports false when the Server is closing.
func (s *Server) track() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.wg.Add(1)
	return true
}
