package faultserver

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// ending is what becomes of a connection after an answer.
type ending int

const (
	keep   ending = iota // it waits for the next request
	shut                 // it ends in order: TLS close_notify where there is TLS, then FIN
	cutOff               // it ends with a bare FIN, in TLS too
	abort                // it ends with a RST
	hang                 // it stays open, and nothing more is sent
)

// exchange is a request over HTTP/1.1 that a raw behaviour answers byte by
// byte. Failed writes are ignored: the client has gone, which the next read
// finds out.
type exchange struct {
	*request
	conn  net.Conn // the link, or TLS on it
	link  *link
	in    *bufio.Reader
	visit *visit
}

// send writes a part of the answer.
func (x *exchange) send(text string) { _, _ = io.WriteString(x.conn, text) }

// last writes the last part of the answer.
func (x *exchange) last(text string) {
	x.visit.end()
	x.send(text)
}

// pause waits for d and reports whether to go on.
func (x *exchange) pause(d time.Duration) bool { return x.server.pause(d) }

// serveHTTP1 answers the requests of one plain connection.
func (s *Server) serveHTTP1(k *link) { s.converse(k, k) }

// converse answers HTTP/1.1 requests on conn, which is k or TLS on it, until
// either side ends the connection.
func (s *Server) converse(k *link, conn net.Conn) {
	defer k.Close()
	in := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			if isMalformed(err) {
				s.stats.malformed(k.origin.name)
				_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
				k.linger()
			}
			return
		}
		x := &exchange{request: s.newRequest(k.origin, r), conn: conn, link: k, in: in}
		if !x.serve() {
			return
		}
	}
}

// isMalformed says whether reading a request failed for what was in it, and not
// because the connection ended.
func isMalformed(err error) bool {
	_, isNet := errors.AsType[net.Error](err)
	return !isNet && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF)
}

// serve answers the request and reports whether another may follow.
func (x *exchange) serve() bool {
	x.visit = x.server.enter(x.link.id, x.request)
	defer x.visit.end()
	respond, isRaw := rawRoutes()[x.name]
	if !isRaw {
		respond = (*exchange).wellFormed
	}
	end := respond(x)
	if end == hang {
		_, _ = io.Copy(io.Discard, x.in) // until the client goes
		return false
	}
	x.visit.end()
	switch end {
	case abort:
		x.link.abort()
	case cutOff:
		x.link.Close()
	case keep:
		if x.Close || !x.drained() {
			x.end()
			return false
		}
		return true
	case shut:
		x.end()
	}
	return false
}

// drained reads the rest of the request's body, and reports whether the next
// request can follow. A body that waits for a 100 (Continue) may never come.
func (x *exchange) drained() bool {
	if x.ContentLength == 0 {
		return true
	}
	if x.Header.Get("Expect") != "" && len(x.body) == 0 {
		return false
	}
	_, err := io.Copy(io.Discard, x.Body)
	return err == nil
}

// end closes in order, so that the client gets all that was written.
func (x *exchange) end() {
	if x.ContentLength != 0 && len(x.body) == 0 { // a body may still be on its way
		if secure, ok := x.conn.(*tls.Conn); ok {
			_ = secure.CloseWrite() // close_notify, before the FIN
		}
		x.link.linger()
	}
	x.conn.Close()
}

// readBody reads the request's body, and first asks for it where the client
// waits to be asked (RFC 9110 §10.1.1).
func (x *exchange) readBody() error {
	if strings.EqualFold(x.Header.Get("Expect"), "100-continue") {
		x.send("HTTP/1.1 100 Continue\r\n\r\n")
	}
	return x.request.readBody()
}
