package task

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// SetBody puts a whole body into the record, in place of what an earlier call
// put there: as JSON itself when it is claimed to be JSON and is, as a string
// when it is UTF-8, else as base64. A body that is JSON's null is kept as
// base64: no field of a record is null, and the string "null" would be another
// value. The record keeps no reference to body.
func (r *Record) SetBody(body []byte, claimedJSON bool) {
	r.Body, r.BodyBase64, r.BodyOmitted = nil, "", ""
	text := utf8.Valid(body) // encoding/json lets other bytes in strings pass
	if text && claimedJSON {
		var value bytes.Buffer
		if json.Compact(&value, body) == nil && nestable(value.Bytes()) {
			if r.Body = value.Bytes(); string(r.Body) != "null" {
				return
			}
			r.Body, text = nil, false
		}
	}
	if text {
		r.Body = appendString(make([]byte, 0, len(body)+2), "", string(body))
		return
	}
	r.BodyBase64 = base64.StdEncoding.EncodeToString(body)
}

// nestable reports whether value, valid JSON, is that also one level deeper:
// readers, encoding/json and ours among them, go 10,000 levels deep.
func nestable(value []byte) bool {
	const deep = 10_000
	if len(value) < 2*deep || bytes.Count(value, []byte("["))+bytes.Count(value, []byte("{")) < deep {
		return true
	}
	return json.Valid(slices.Concat([]byte("["), value, []byte("]")))
}
