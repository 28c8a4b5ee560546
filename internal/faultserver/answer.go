package faultserver

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answer is a well-formed response, up to where it ends. HTTP/1.1 and HTTP/2
// render it each in their way; over HTTP/2 a RST_STREAM stands for the end of
// the connection.
type answer struct {
	wait   time.Duration // before anything is sent
	status int           // 0: not even a head is sent
	header http.Header
	body   io.Reader // nil for none
	size   int64     // bytes in body, which Content-Length tells
	cut    int64     // bytes of body that are sent when end is not keep
	end    ending
	commit bool // the request counts as acted upon
}

// text returns a plain-text answer; pairs are names and values of header
// fields.
func text(status int, body string, pairs ...string) answer {
	a := answer{
		status: status,
		header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
		body:   strings.NewReader(body),
		size:   int64(len(body)),
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		a.header.Add(pairs[i], pairs[i+1])
	}
	return a
}

// hasBody says whether a body may follow: RFC 9112 §6.3.
func (a answer) hasBody(method string) bool {
	return a.body != nil && method != http.MethodHead &&
		a.status != http.StatusNoContent && a.status != http.StatusNotModified
}

// sent returns how many bytes of the body go out.
func (a answer) sent() int64 {
	if a.end == keep {
		return a.size
	}
	return min(a.cut, a.size)
}

// answer finds the answer to a request whose body was read.
func (r *request) answer() answer {
	if route, ok := controlRoutes()[r.name]; ok {
		return route(r)
	}
	if route, ok := routes()[r.name]; ok {
		return route(r)
	}
	return text(http.StatusNotFound, "no such behaviour\n")
}

// wellFormed answers with the answer of the request's path.
func (x *exchange) wellFormed() ending {
	if err := x.readBody(); err != nil {
		return abort
	}
	s := x.server
	a := x.answer()
	if a.commit {
		s.stats.commit(x.URL.Path)
	}
	if a.wait > 0 && !s.pause(a.wait) {
		return abort
	}
	if a.status == 0 {
		return a.end
	}
	x.visit.status(a.status)
	head := a.head()
	if x.Close {
		head += "Connection: close\r\n"
	}
	head += "\r\n"
	if !a.hasBody(x.Method) || a.sent() == 0 {
		x.visitEndsUnlessHanging(a)
		x.send(head)
		return a.end
	}
	a.copyBody(x.conn, head, func() { x.visitEndsUnlessHanging(a) })
	return a.end
}

// visitEndsUnlessHanging takes the request out of flight, unless the answer is
// one that never ends.
func (x *exchange) visitEndsUnlessHanging(a answer) {
	if a.end != hang {
		x.visit.end()
	}
}

// head returns the status line and the header, without the empty line.
func (a answer) head() string {
	var b strings.Builder
	b.WriteString("HTTP/1.1 " + strconv.Itoa(a.status) + " " + http.StatusText(a.status) + "\r\n")
	a.complete()
	_ = a.header.Write(&b) // a strings.Builder never fails
	return b.String()
}

// complete adds the fields that every answer has.
func (a answer) complete() {
	if a.header.Get("Date") == "" {
		a.header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		a.header.Set("Content-Length", strconv.FormatInt(a.size, 10))
	}
}

// copyBody writes head and what is to be sent of the body, and calls ending
// before the last write.
func (a answer) copyBody(w io.Writer, head string, ending func()) {
	buf := make([]byte, min(64<<10, int64(len(head))+a.sent()))
	filled := copy(buf, head)
	for left := a.sent(); left > 0; {
		n, err := io.ReadFull(a.body, buf[filled:min(int64(len(buf)), int64(filled)+left)])
		if err != nil {
			return // no body here fails to be read, except at a wrong size
		}
		left -= int64(n)
		if left == 0 {
			ending()
		}
		if _, err := w.Write(buf[:filled+n]); err != nil {
			return
		}
		filled = 0
	}
}
