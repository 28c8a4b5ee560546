package direct

import (
	"bytes"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// fields is memory for the header of a plain answer: most of what one takes. A
// server nearly always sends the fields of the answer before, in the same order,
// many with the same values: then the header stands, and only the lines that have
// changed are read.
type fields struct {
	status string      // the line of it
	header http.Header // where n > 0, each value of it is one of values
	n      int         // of the lines in header; 0 when the next answer needs another header
	lines  [plainFields]fieldLine
	values [plainFields]string
}

// fieldLine is a line of the answer before.
type fieldLine struct {
	text            string // with its CRLF
	name, canonical string
	length          int64 // of a Content-Length; -1 for others
}

// clear lets go of an answer that the next one cannot be compared with.
func (f *fields) clear() {
	if f.n == 0 {
		f.header = nil
		clear(f.values[:])
	}
}

// read reads what here begins with into resp: lines, each with its CRLF, and an
// empty one, if there is a Content-Length among them and nothing that asks for
// more than to be passed on. It returns where they end.
func (f *fields) read(here []byte, resp *http.Response) (end int, ok bool) {
	if end, ok = f.again(here, resp); !ok {
		end, ok = f.anew(here, resp)
	}
	resp.Header = f.header
	return end, ok && resp.ContentLength >= 0
}

// again reads lines with the names of the answer before.
func (f *fields) again(here []byte, resp *http.Response) (end int, ok bool) {
	resp.ContentLength = -1
	var news string // the lines from the first that has changed
	for i := range f.lines[:f.n] {
		line := &f.lines[i]
		if rest := here[end:]; len(rest) > len(line.text) && string(rest[:len(line.text)]) == line.text {
			if line.length >= 0 {
				resp.ContentLength = line.length
			}
			end += len(line.text)
			news = news[min(len(line.text), len(news)):]
			continue
		}
		if news == "" {
			if news, ok = header(here[end:]); !ok {
				return 0, false
			}
		}
		name, value, rest, ok := cutField(news)
		if !ok || name != line.name || !line.heed(resp, value) {
			return 0, false
		}
		line.text, f.values[i] = news[:len(news)-len(rest)], value
		end += len(line.text)
		news = rest
	}
	return end + len("\r\n"), f.n > 0 && bytes.HasPrefix(here[end:], []byte("\r\n"))
}

// anew reads lines with any names, and remembers them.
func (f *fields) anew(here []byte, resp *http.Response) (end int, ok bool) {
	f.n = 0
	resp.ContentLength = -1
	lines, ok := header(here)
	if !ok {
		return 0, false
	}
	end = len(lines) + len("\r\n")
	n := strings.Count(lines, "\n")
	values := f.values[:min(n, plainFields)]
	if n > plainFields {
		values = make([]string, n)
	}
	f.header = make(http.Header, n) // of one value each, nearly always
	distinct := n <= plainFields
	for i := range n {
		name, value, rest, ok := cutField(lines)
		if !ok || !httpguts.ValidHeaderFieldName(name) {
			return 0, false
		}
		line := fieldLine{lines[:len(lines)-len(rest)], name, textproto.CanonicalMIMEHeaderKey(name), -1}
		if !line.heed(resp, value) {
			return 0, false
		}
		lines = rest
		if had := f.header[line.canonical]; had != nil {
			f.header[line.canonical], distinct = append(had, value), false
			continue
		}
		values[i] = value
		f.header[line.canonical] = values[i : i+1 : i+1]
		if distinct {
			f.lines[i] = line
		}
	}
	if distinct {
		f.n = n
	}
	return end, true
}

// header returns the lines that here begins with, up to an empty one.
func header(here []byte) (lines string, ok bool) {
	end := bytes.Index(here, []byte("\r\n\r\n"))
	if end < 0 {
		return "", false
	}
	return string(here[:end+2]), true
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

// heed does what a field asks for with value, and reports whether
// http.ReadResponse would do no more.
func (l *fieldLine) heed(resp *http.Response, value string) bool {
	switch l.canonical {
	case "Content-Length":
		length, err := strconv.ParseUint(value, 10, 63)
		if err != nil || resp.ContentLength >= 0 {
			return false
		}
		l.length = int64(length)
		resp.ContentLength = l.length
	case "Connection":
		return strings.EqualFold(value, "keep-alive")
	case "Transfer-Encoding", "Trailer", "Pragma":
		return false
	}
	return true
}
