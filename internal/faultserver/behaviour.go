package faultserver

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// The client that the verdicts of the table are about: one attempt (no retry),
// the authority trusted, and these limits.
const (
	ReadTimeout    = 500 * time.Millisecond // without a byte, before the headers and within the body
	ConnectTimeout = time.Second            // dial and TLS handshake
	MaxBody        = 8 << 20                // bytes of a body, decoded
	MaxHeader      = 256 << 10              // bytes of a response's headers, interim ones included
	MaxRedirects   = 10
)

// Verdict is what one attempt may end as: "ok", or an error type of the result
// schema (CONTRACT.md section 4), with a status as its digits. The first is the
// one to want; the others are as truthful, where an RFC leaves a choice or the
// network decides.
type Verdict []string

// OK says whether the attempt should succeed.
func (v Verdict) OK() bool { return v[0] == "ok" }

// Allows says whether an attempt may end as outcome: "ok" or an error type.
func (v Verdict) Allows(outcome string) bool { return slices.Contains(v, outcome) }

// String joins the outcomes, for example "short_body or reset".
func (v Verdict) String() string { return strings.Join(v, " or ") }

// Behaviour is one way to answer.
type Behaviour struct {
	Name     string      // unique
	Listener string      // a listener's name
	Method   string      // GET unless the behaviour is about another
	Path     string      // with its query
	Header   http.Header // request headers that the behaviour is about; usually nil
	BodySize int         // bytes of the request's body; 0 for none
	Want     Verdict
	Doc      string // what happens on the wire, and the RFC that judges it

	raw func(*exchange) ending // over HTTP/1.1, for those that are not well formed
	h2  func(*h2Stream)        // over HTTP/2, on the listener H2Raw
}

// URL returns the address of the behaviour on s.
func (b Behaviour) URL(s *Server) string { return s.URL(b.Listener, b.Path) }

// Behaviours returns the table; the slice is the caller's.
func Behaviours() []Behaviour { return slices.Clone(table()) }

var table = sync.OnceValue(func() []Behaviour {
	all := slices.Concat(
		plainBehaviours(), framing(), chunked(), startLines(), headers(), interim(), encodings(),
		redirects(), statuses(), timing(), connections(), listeners(), tlsBehaviours(),
		h2Streams(), h2Connections(), h2Floods(),
	)
	seen := make(map[string]bool)
	for i := range all {
		b := &all[i]
		if b.Listener == "" {
			b.Listener = Plain
		}
		if b.Method == "" {
			b.Method = http.MethodGet
		}
		if b.Path == "" {
			b.Path = "/" + b.Name
		}
		if seen[b.Name] {
			panic(fmt.Sprintf("faultserver: two behaviours named %q", b.Name))
		}
		seen[b.Name] = true
	}
	return all
})

// rawRoutes are the behaviours that answer an exchange byte by byte, by the
// first segment of their path.
var rawRoutes = sync.OnceValue(func() map[string]func(*exchange) ending {
	routes := make(map[string]func(*exchange) ending)
	for _, b := range table() {
		if b.raw != nil {
			routes[firstSegment(b.Path)] = b.raw
		}
	}
	return routes
})

// h2Routes are the behaviours of the listener H2Raw, likewise.
var h2Routes = sync.OnceValue(func() map[string]func(*h2Stream) {
	routes := make(map[string]func(*h2Stream))
	for _, b := range table() {
		if b.h2 != nil {
			routes[firstSegment(b.Path)] = b.h2
		}
	}
	return routes
})

func firstSegment(path string) string {
	path, _, _ = strings.Cut(strings.TrimPrefix(path, "/"), "?")
	first, _, _ := strings.Cut(path, "/")
	return first
}

// sends returns a raw behaviour that writes the parts, each with a write of its
// own, and ends so.
func sends(end ending, parts ...string) func(*exchange) ending {
	return func(x *exchange) ending {
		for _, part := range parts[:len(parts)-1] {
			x.send(part)
		}
		if end == hang {
			x.send(parts[len(parts)-1])
		} else {
			x.last(parts[len(parts)-1])
		}
		return end
	}
}

// plainBehaviours are those with nothing wrong: a client that fails here proves
// nothing elsewhere.
func plainBehaviours() []Behaviour {
	ok := Verdict{"ok"}
	return []Behaviour{
		{Name: "ok", Want: ok, Doc: "200 with Content-Length, the connection kept"},
		{Name: "empty", Path: "/bytes/0", Want: ok, Doc: "200 with Content-Length: 0"},
		{Name: "large", Path: "/bytes/3000000", Want: ok, Doc: "200 with 3 MB"},
		{Name: "head", Path: "/bytes/1000", Method: http.MethodHead, Want: ok, Doc: "HEAD: Content-Length without a body (RFC 9112 §6.3)"},
		{Name: "echo", Method: http.MethodPost, BodySize: 1000, Want: ok, Doc: "POST that is answered after its body was read"},
		{Name: "tls-ok", Listener: TLS, Path: "/ok", Want: ok, Doc: "200 over TLS"},
		{Name: "h2-ok", Listener: H2, Path: "/ok", Want: ok, Doc: "200 over HTTP/2"},
		{Name: "h2-large", Listener: H2, Path: "/bytes/3000000", Want: ok, Doc: "3 MB over HTTP/2, many windows long"},
		{Name: "h2-echo", Listener: H2, Path: "/echo", Method: http.MethodPost, BodySize: 200_000, Want: ok, Doc: "POST over HTTP/2 with a body of several windows"},
		{Name: "cond", Path: "/cond/a", Want: ok, Doc: "200 with validators, unconditionally asked (RFC 9110 §13)"},
	}
}
