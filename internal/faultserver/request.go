package faultserver

import (
	"io"
	"net/http"
	"strconv"
	"strings"
)

// maxRequestBody bounds what is kept of a request's body; the rest is read and
// dropped.
const maxRequestBody = 64 << 20

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

// readBody reads the request's body to its end.
func (r *request) readBody() error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequestBody))
	if err != nil {
		return err
	}
	r.body = body
	_, err = io.Copy(io.Discard, r.Body)
	return err
}
