package direct

import (
	"net/http"
	"net/textproto"
	"slices"
	"sync"
)

// plainFields is how many header fields a plain request may have, and an answer
// that is kept in memory of an earlier one.
const plainFields = 16

// plainRequest is memory for a request as it is sent, and knows the header of the
// one before: those of a list nearly all have the same.
type plainRequest struct {
	text   []byte
	header []headerField // where it is not empty, fields is made of it
	fields []byte        // with the empty line
}

type headerField struct{ name, value string }

var plainRequests = sync.Pool{New: func() any { return new(plainRequest) }}

// of returns what Request.Write would write, without its garbage: a writer for a
// body, formatted lines, a sorter. It is for the requests that nearly all are: GET
// or HEAD, no body, nothing about the connection, and nothing that Request.Write
// would have to mend, or that check and direct would not let pass. For any other
// it returns nil. The next call overwrites it.
func (p *plainRequest) of(req *http.Request) []byte {
	if req.Method != http.MethodGet && req.Method != http.MethodHead || hasBody(req) || req.Close ||
		req.URL == nil || req.URL.Host == "" || !ordinary(req) || !p.knows(req.Header) && !p.take(req.Header) {
		return nil
	}
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	target := req.URL.RequestURI()
	if !isPlainHost(host) || !isPlainTarget(target) {
		return nil
	}
	p.text = concat(p.text[:0], req.Method, " ", target, " HTTP/1.1\r\nHost: ", host, "\r\n")
	p.text = append(p.text, p.fields...)
	return p.text
}

// knows reports whether fields is made of h.
func (p *plainRequest) knows(h http.Header) bool {
	if len(h) != len(p.header) || len(h) == 0 {
		return false
	}
	for _, f := range p.header {
		if values := h[f.name]; len(values) != 1 || values[0] != f.value {
			return false
		}
	}
	return true
}

// take makes fields of h, and reports whether that is plain.
func (p *plainRequest) take(h http.Header) bool {
	header := p.header[:0]
	p.header, p.fields = nil, p.fields[:0]
	agent := h["User-Agent"]
	if len(agent) == 0 || len(h) > plainFields {
		return false
	}
	if agent[0] != "" {
		p.fields = concat(p.fields, "User-Agent: ", textproto.TrimString(agent[0]), "\r\n")
	}
	var buf [plainFields]string
	names := buf[:0]
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	single := true
	for _, name := range names {
		values := h[name]
		if checkField(name, values) != nil {
			return false
		}
		switch name {
		case "Connection", "Upgrade":
			return false
		case "User-Agent", "Host", "Content-Length", "Transfer-Encoding", "Trailer": // Request.Write has its own of them
		default:
			for _, value := range values {
				p.fields = concat(p.fields, name, ": ", textproto.TrimString(value), "\r\n")
			}
		}
		if single = single && len(values) == 1; single {
			header = append(header, headerField{name, values[0]})
		}
	}
	p.fields = concat(p.fields, "\r\n")
	if single {
		p.header = header
	}
	return true
}

func concat(b []byte, parts ...string) []byte {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// isPlainHost leaves IPv6 zones, names beyond ASCII and all that is no host to
// Request.Write.
func isPlainHost(s string) bool {
	for i := range len(s) {
		c := s[i]
		if alnum := '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'; !alnum && c != '.' && c != '-' && c != ':' {
			return false
		}
	}
	return s != ""
}

func isPlainTarget(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
