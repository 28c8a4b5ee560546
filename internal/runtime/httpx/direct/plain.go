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

// plainRequests are buffers for what appendPlain makes, and for what TLS makes of
// that.
var plainRequests = sync.Pool{New: func() any { return new([]byte) }}

// appendPlain appends to b what Request.Write would write, without its garbage:
// a writer for a body, formatted lines, a sorter. It is for the requests that
// nearly all are: GET or HEAD, no body, nothing about the connection, and nothing
// that Request.Write would have to mend, or that check and direct would not let
// pass. For any other it returns nil.
func appendPlain(b []byte, req *http.Request) []byte {
	if req.Method != http.MethodGet && req.Method != http.MethodHead || hasBody(req) || req.Close ||
		len(req.Header) > plainFields || req.URL == nil || req.URL.Host == "" || !ordinary(req) {
		return nil
	}
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	var agent []string
	var buf [plainFields]string
	names := buf[:0]
	for name, values := range req.Header {
		if checkField(name, values) != nil {
			return nil
		}
		switch name {
		case "Connection", "Upgrade":
			return nil
		case "User-Agent":
			agent = values
		case "Host", "Content-Length", "Transfer-Encoding", "Trailer": // Request.Write has its own of them
		default:
			names = append(names, name)
		}
	}
	target := req.URL.RequestURI()
	if len(agent) == 0 || !isPlainHost(host) || !isPlainTarget(target) {
		return nil
	}
	slices.Sort(names)

	b = concat(b, req.Method, " ", target, " HTTP/1.1\r\n")
	b = concat(b, "Host: ", host, "\r\n")
	if agent[0] != "" {
		b = concat(b, "User-Agent: ", textproto.TrimString(agent[0]), "\r\n")
	}
	for _, name := range names {
		for _, value := range req.Header[name] {
			b = concat(b, name, ": ", textproto.TrimString(value), "\r\n")
		}
	}
	return concat(b, "\r\n")
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
