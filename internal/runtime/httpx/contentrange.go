package httpx

import (
	"net/http"
	"strconv"
	"strings"
)

// contentRange is a Content-Range field: which bytes of an entity an answer
// holds (RFC 9110 §14.4).
type contentRange struct {
	first, last int64 // both included; first is -1 for "*": none at all
	total       int64 // of the entity; -1 for "*": not told
}

// rangeOf reads the one Content-Range of an answer. ok is false where there is
// none, more than one, or one that breaks the grammar or says what cannot be.
func rangeOf(h http.Header) (r contentRange, ok bool) {
	values := h["Content-Range"]
	if len(values) != 1 {
		return r, false
	}
	unit, rest, _ := strings.Cut(values[0], " ")
	span, total, slash := strings.Cut(rest, "/")
	if !slash || !strings.EqualFold(unit, "bytes") {
		return r, false
	}
	r = contentRange{first: -1, last: -1, total: -1}
	if total != "*" {
		if r.total, ok = digits(total); !ok {
			return contentRange{}, false
		}
	}
	if span == "*" {
		return r, r.total >= 0
	}
	first, last, _ := strings.Cut(span, "-")
	var ok1, ok2 bool
	r.first, ok1 = digits(first)
	r.last, ok2 = digits(last)
	if !ok1 || !ok2 || r.first > r.last || r.total >= 0 && r.last >= r.total {
		return contentRange{}, false
	}
	return r, true
}

// digits reads 1*DIGIT, which allows neither a sign nor a space.
func digits(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// String is the field's value.
func (r contentRange) String() string {
	total := "*"
	if r.total >= 0 {
		total = strconv.FormatInt(r.total, 10)
	}
	if r.first < 0 {
		return "bytes */" + total
	}
	return "bytes " + strconv.FormatInt(r.first, 10) + "-" + strconv.FormatInt(r.last, 10) + "/" + total
}
