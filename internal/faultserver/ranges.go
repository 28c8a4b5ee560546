package faultserver

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// rangeRoute answers /range/{size}/{id} with Content(id, size) and takes Range
// and If-Range (RFC 9110 §13.1.5, §14). Its query:
//
//	cut=K        the answer's body ends after K bytes ...
//	cuts=N       ... for the first N requests of the path (1)
//	end=reset    ... with a RST instead of a FIN
//	etag=weak    the ETag is a weak one; none: there is none;
//	etag=change  the entity changes after the first request: Content(id+"#2", size)
//	lm=1         there is a Last-Modified
//	ifrange=ignore  If-Range is not looked at
//	range=MODE   how Range is treated:
//	  ignore       not at all: 200 with everything
//	  lie-start    206 and Content-Range begin one byte before what was asked
//	  lie-total    206 with a total size that is one too large
//	  lie-none     206 without Content-Range
//	  multipart    206 as multipart/byteranges, of one part
//	  416          416, whatever was asked
func rangeRoute(r *request) answer {
	e := r.entity(r.arg(1), max(0, int64(r.num(0, 0))))
	a := e.respond(r)
	if cut, err := strconv.ParseInt(r.URL.Query().Get("cut"), 10, 64); err == nil && e.visit <= r.query("cuts", 1) {
		a.cutBody(r, cut)
	}
	return a
}

// cutThenOKRoute is rangeRoute for the path /cut-then-ok/{n}/{id}: the first n
// answers lose the second half of their body.
func cutThenOKRoute(r *request) answer {
	e := r.entity(r.arg(1), max(0, int64(r.query("size", 64<<10))))
	a := e.respond(r)
	if e.visit <= r.num(0, 0) {
		a.cutBody(r, a.size/2)
	}
	return a
}

// cutBody makes the answer end after n bytes of its body.
func (a *answer) cutBody(r *request, n int64) {
	a.cut, a.end = n, cutOff
	if r.URL.Query().Get("end") == "reset" {
		a.end = abort
	}
}

// entity is what a path stands for at one request.
type entity struct {
	visit   int // the how manieth request of the path
	size    int64
	content *io.SectionReader
	tag     string // "" for none
}

func (r *request) entity(id string, size int64) entity {
	e := entity{visit: r.server.state.visit(r.key()), size: size}
	mode := r.URL.Query().Get("etag")
	if mode == "change" && e.visit > 1 {
		id += "#2"
	}
	e.content = Content(id, size)
	if mode != "none" {
		e.tag = strconv.Quote(id)
	}
	if mode == "weak" {
		e.tag = "W/" + e.tag
	}
	return e
}

func (e entity) respond(r *request) answer {
	q := r.URL.Query()
	a := text(http.StatusOK, "", "Accept-Ranges", "bytes")
	a.header.Set("Content-Type", "application/octet-stream")
	if e.tag != "" {
		a.header.Set("Etag", e.tag)
	}
	if q.Get("lm") != "" {
		a.header.Set("Last-Modified", modified.Format(http.TimeFormat))
	}
	a.body, a.size = e.content, e.size

	mode := q.Get("range")
	first, last, ok := e.parseRange(r.Header.Get("Range"))
	if !ok || mode == "ignore" || !e.sameEntity(r, q.Get("ifrange") == "ignore") {
		return a
	}
	if mode == "416" || first >= e.size {
		b := text(http.StatusRequestedRangeNotSatisfiable, "", "Content-Range", fmt.Sprintf("bytes */%d", e.size))
		return b
	}
	total := e.size
	switch mode {
	case "lie-start":
		first = max(0, first-1)
	case "lie-total":
		total++
	}
	a.status = http.StatusPartialContent
	a.body, a.size = io.NewSectionReader(e.content, first, last-first+1), last-first+1
	content := fmt.Sprintf("bytes %d-%d/%d", first, last, total)
	switch mode {
	case "lie-none":
	case "multipart":
		head := "\r\n--BOUNDARY\r\nContent-Type: application/octet-stream\r\nContent-Range: " + content + "\r\n\r\n"
		tail := "\r\n--BOUNDARY--\r\n"
		a.header.Set("Content-Type", "multipart/byteranges; boundary=BOUNDARY")
		a.body = io.MultiReader(strings.NewReader(head), a.body, strings.NewReader(tail))
		a.size += int64(len(head) + len(tail))
	default:
		a.header.Set("Content-Range", content)
	}
	return a
}

// sameEntity evaluates If-Range: a strong comparison, or the exact date.
func (e entity) sameEntity(r *request, ignore bool) bool {
	given := r.Header.Get("If-Range")
	switch {
	case given == "" || ignore:
		return true
	case strings.HasPrefix(given, `"`):
		return given == e.tag
	}
	return r.URL.Query().Get("lm") != "" && given == modified.Format(http.TimeFormat)
}

// parseRange reads a single range of bytes. ok is false for everything else,
// which is then served whole (RFC 9110 §14.2). first may lie beyond the end.
func (e entity) parseRange(value string) (first, last int64, ok bool) {
	spec, ok := strings.CutPrefix(value, "bytes=")
	from, to, dash := strings.Cut(spec, "-")
	if !ok || !dash || strings.Contains(spec, ",") {
		return 0, 0, false
	}
	if from == "" {
		n, err := strconv.ParseInt(to, 10, 64)
		if err != nil || n <= 0 {
			return 0, 0, false
		}
		return max(0, e.size-n), e.size - 1, true
	}
	first, err := strconv.ParseInt(from, 10, 64)
	if err != nil || first < 0 {
		return 0, 0, false
	}
	last = e.size - 1
	if to != "" {
		end, err := strconv.ParseInt(to, 10, 64)
		if err != nil || end < first {
			return 0, 0, false
		}
		last = min(last, end)
	}
	return first, last, true
}
