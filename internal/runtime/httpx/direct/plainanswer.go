package direct

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/specify-cli/specify/internal/splice"
)

// plainAnswer reads into resp what http.ReadResponse would return, without its
// dozen of small allocations, when the answer is as nearly all are: its header
// is here in one piece, of HTTP/1.1 and well-formed, a body of announced length
// follows, and nothing in it asks for more than to be passed on. Of any other it
// takes no byte and reports false. The body is not set: the ContentLength bytes
// that follow in br are it. The header is in f's memory.
func plainAnswer(br *bufio.Reader, resp *http.Response, f *fields) bool {
	here, _ := br.Peek(br.Buffered()) // cannot fail
	start := bytes.IndexByte(here, '\n') + 1
	if line := here[:start]; string(line) != f.status {
		f.status = string(line)
	}
	if !statusLine(f.status, resp) {
		return false
	}
	end, ok := f.read(here[start:], resp)
	if ok {
		_, _ = br.Discard(start + end)
	}
	return ok
}

// statusLine reads "HTTP/1.1 200 OK" and CRLF. Statuses whose answers have no body, or
// are not final, are not plain.
func statusLine(line string, resp *http.Response) bool {
	const proto = "HTTP/1.1"
	status, ok := strings.CutPrefix(line, proto+" ")
	status, end := strings.CutSuffix(status, "\r\n")
	if !ok || !end || len(status) < 3 || len(status) > 3 && status[3] != ' ' || !httpguts.ValidHeaderFieldValue(status) {
		return false
	}
	for _, c := range []byte(status[:3]) {
		if c < '0' || c > '9' {
			return false
		}
		resp.StatusCode = resp.StatusCode*10 + int(c-'0')
	}
	if resp.StatusCode < 200 || resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotModified {
		return false
	}
	resp.Proto, resp.ProtoMajor, resp.ProtoMinor, resp.Status = line[:len(proto)], 1, 1, status
	return true
}

// sized is a body of a known length.
type sized struct {
	br   *bufio.Reader
	left int64
}

// Read returns io.EOF with the last byte, and io.ErrUnexpectedEOF when the
// connection ends before it.
func (s *sized) Read(p []byte) (int, error) {
	if int64(len(p)) > s.left {
		p = p[:s.left]
	}
	n, err := s.br.Read(p)
	return n, s.end(int64(n), err)
}

// fill is Read into a pipe.
func (s *sized) fill(c *conn, p *splice.Pipe, max int64) (int64, error) {
	n, err := c.fill(p, min(max, s.left))
	return n, s.end(n, err)
}

// end returns what a read of n bytes that ended with err ends with.
func (s *sized) end(n int64, err error) error {
	s.left -= n
	switch {
	case s.left == 0:
		return io.EOF
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	}
	return err
}

// Close does nothing: the exchange ends with the body that is read through it.
func (*sized) Close() error { return nil }
