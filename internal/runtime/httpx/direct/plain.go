package direct

import (
	"bufio"
	"net/http"
	"net/textproto"
	"slices"
)

// plainFields is how many header fields a plain request may have.
const plainFields = 16

// writePlain writes what Request.Write would, without its garbage: a writer for
// a body, formatted lines, a sorter. It is for the requests that nearly all are:
// GET or HEAD, no body, and nothing that Request.Write would have to mend. For
// any other it writes nothing and reports false. req has passed check; errors
// are bw's, for Flush to tell.
func writePlain(bw *bufio.Writer, req *http.Request) bool {
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	target := req.URL.RequestURI()
	agent := req.Header["User-Agent"]
	if req.Method != http.MethodGet && req.Method != http.MethodHead || hasBody(req) || req.Close ||
		!isPlainHost(host) || !isPlainTarget(target) || len(agent) == 0 || len(req.Header) > plainFields {
		return false
	}
	var buf [plainFields]string
	names := buf[:0]
	for name := range req.Header {
		switch name {
		case "Host", "User-Agent", "Content-Length", "Transfer-Encoding", "Trailer": // Request.Write has its own of them
		default:
			names = append(names, name)
		}
	}
	slices.Sort(names)

	line(bw, req.Method, " ", target, " HTTP/1.1\r\n")
	line(bw, "Host: ", host, "\r\n")
	if agent[0] != "" {
		line(bw, "User-Agent: ", textproto.TrimString(agent[0]), "\r\n")
	}
	for _, name := range names {
		for _, value := range req.Header[name] {
			line(bw, name, ": ", textproto.TrimString(value), "\r\n")
		}
	}
	line(bw, "\r\n")
	return true
}

func line(bw *bufio.Writer, parts ...string) {
	for _, p := range parts {
		_, _ = bw.WriteString(p)
	}
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
