package direct

import (
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// fields is memory for the header of a plain answer: most of what one takes. A
// server nearly always sends the fields of the answer before, in the same order,
// with other values: then the header stands, and only the values are new.
type fields struct {
	header http.Header // where n > 0, each value of it is one of values
	n      int         // of the fields in header; 0 when the next answer needs another header
	names  [plainFields]fieldName
	values [plainFields]string
}

type fieldName struct{ sent, canonical string }

// clear lets go of the answer, but for the names.
func (f *fields) clear() {
	clear(f.values[:])
	if f.n == 0 {
		f.header = nil
	}
}

// read reads lines, each with its CRLF, into resp, if there is a Content-Length
// among them and nothing that asks for more than to be passed on.
func (f *fields) read(lines string, resp *http.Response) bool {
	n := strings.Count(lines, "\n")
	resp.ContentLength = -1
	if n != f.n || !f.again(lines, resp) {
		resp.ContentLength = -1
		if !f.anew(n, lines, resp) {
			return false
		}
	}
	resp.Header = f.header
	return resp.ContentLength >= 0
}

// again reads lines with the names of the answer before.
func (f *fields) again(lines string, resp *http.Response) bool {
	for i, of := range f.names[:f.n] {
		var name, value string
		var ok bool
		if name, value, lines, ok = cutField(lines); !ok || name != of.sent || !heed(resp, of.canonical, value) {
			return false
		}
		f.values[i] = value
	}
	return true
}

// anew reads n lines with any names, and remembers them.
func (f *fields) anew(n int, lines string, resp *http.Response) bool {
	f.n = 0
	values := f.values[:min(n, plainFields)]
	if n > plainFields {
		values = make([]string, n)
	}
	f.header = make(http.Header, n) // of one value each, nearly always
	distinct := n <= plainFields
	for i := range n {
		var name, value string
		var ok bool
		if name, value, lines, ok = cutField(lines); !ok || !httpguts.ValidHeaderFieldName(name) {
			return false
		}
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		if !heed(resp, canonical, value) {
			return false
		}
		if had := f.header[canonical]; had != nil {
			f.header[canonical], distinct = append(had, value), false
			continue
		}
		values[i] = value
		f.header[canonical] = values[i : i+1 : i+1]
		if distinct {
			f.names[i] = fieldName{name, canonical}
		}
	}
	if distinct {
		f.n = n
	}
	return true
}

// cutField takes the first of lines apart. It is not ok where that is no field,
// or not one in a line.
func cutField(lines string) (name, value, rest string, ok bool) {
	line, rest, _ := strings.Cut(lines, "\n")
	line, ok = strings.CutSuffix(line, "\r")
	if !ok {
		return "", "", "", false
	}
	name, value, ok = strings.Cut(line, ":")
	return name, textproto.TrimString(value), rest, ok && httpguts.ValidHeaderFieldValue(value)
}

// heed does what a field asks for, and reports whether http.ReadResponse would
// do no more.
func heed(resp *http.Response, name, value string) bool {
	switch name {
	case "Content-Length":
		length, err := strconv.ParseUint(value, 10, 63)
		if err != nil || resp.ContentLength >= 0 {
			return false
		}
		resp.ContentLength = int64(length)
	case "Connection":
		return strings.EqualFold(value, "keep-alive")
	case "Transfer-Encoding", "Trailer", "Pragma":
		return false
	}
	return true
}
