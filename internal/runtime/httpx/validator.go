package httpx

import (
	"net/http"
	"strings"
	"time"
)

// clockGap is how much older than its answer an entity must be for its
// Last-Modified to be a strong validator: a second change within the same
// second would not show, and Date and Last-Modified may come from two clocks
// (RFC 9110 §8.8.2.2; RFC 7232 §2.2.2 names the minute).
const clockGap = time.Minute

// strongValidator returns what If-Range may ask for an entity by: its strong
// ETag, or its Last-Modified where that is strong and there is no ETag at all
// (RFC 9110 §13.1.5). It is empty where there is neither.
func strongValidator(h http.Header) string {
	if tags := h["Etag"]; len(tags) > 0 {
		if len(tags) == 1 && strongTag(tags[0]) {
			return tags[0]
		}
		return ""
	}
	modified, err := http.ParseTime(h.Get("Last-Modified"))
	if err != nil {
		return ""
	}
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil || date.Sub(modified) < clockGap {
		return ""
	}
	return h.Get("Last-Modified")
}

// strongTag reports whether tag is a well-formed ETag without the mark of a
// weak one (RFC 9110 §8.8.3).
func strongTag(tag string) bool {
	return len(tag) >= 2 && tag[0] == '"' && tag[len(tag)-1] == '"' &&
		strings.IndexFunc(tag[1:len(tag)-1], func(c rune) bool { return c <= ' ' || c == '"' || c == 0x7f }) < 0
}

// sameEntity reports whether an answer with header h is of the entity that
// validator stands for. An answer that does not say is not.
func sameEntity(validator string, h http.Header) bool {
	name := "Last-Modified"
	if strings.HasPrefix(validator, `"`) {
		name = "Etag"
	} else if len(h["Etag"]) > 0 {
		return false // the other had none
	}
	values := h[name]
	return len(values) == 1 && values[0] == validator
}
