package faultserver

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRequestBody bounds what is kept of a request's body; the rest is read and
// dropped.
const maxRequestBody = 64 << 20

// ending is what becomes of a connection after an answer.
type ending int

const (
	keep   ending = iota // it waits for the next request
	shut                 // it ends in order: TLS close_notify where there is TLS, then FIN
	cutOff               // it ends with a bare FIN, in TLS too
	abort                // it ends with a RST
	hang                 // it stays open, and nothing more is sent
)

// request is what a behaviour knows of a request, over HTTP/1.1 and HTTP/2.
type request struct {
	*http.Request
	server *Server
	origin *listener
	name   string   // the first segment of the path
	args   []string // the segments after it
	body   []byte   // as read; empty for raw behaviours
}

func (s *Server) newRequest(l *listener, r *http.Request) *request {
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	req := &request{Request: r, server: s, origin: l, name: name}
	if rest != "" {
		req.args = strings.Split(rest, "/")
	}
	return req
}

// arg returns the i-th argument of the path, or "".
func (r *request) arg(i int) string {
	if i < len(r.args) {
		return r.args[i]
	}
	return ""
}

// num returns the i-th argument of the path as a number, or or when it is none.
func (r *request) num(i, or int) int { return number(r.arg(i), or) }

// query returns a parameter of the query as a number, or or when it is none.
func (r *request) query(name string, or int) int { return number(r.URL.Query().Get(name), or) }

// key names the entity that state is kept for: the path on this listener.
func (r *request) key() string { return r.origin.name + r.URL.Path }

func number(text string, or int) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return or
	}
	return n
}

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
			return
		}
		x := &exchange{request: s.newRequest(k.origin, r), conn: conn, link: k, in: in}
		if !x.serve() {
			return
		}
	}
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
	x.visit.end()
	switch end {
	case hang:
		_, _ = io.Copy(io.Discard, x.in) // until the client goes
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
	if x.ContentLength != 0 && len(x.body) == 0 {
		x.link.linger() // a body may still be on its way
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

func (r *request) readBody() error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequestBody))
	if err != nil {
		return err
	}
	r.body = body
	_, err = io.Copy(io.Discard, r.Body)
	return err
}
