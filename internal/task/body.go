package task

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"
)

// SetBody puts a whole body into the record: as JSON itself when claimed to be
// JSON and valid, as a string when it is UTF-8, else as base64.
func (r *Record) SetBody(body []byte, claimedJSON bool) {
	if claimedJSON {
		var line bytes.Buffer // a record is one line, so the value is compacted
		if json.Compact(&line, body) == nil && line.Len() > 0 {
			r.Body = line.Bytes()
			return
		}
	}
	if utf8.Valid(body) {
		r.Body = appendString(nil, "", string(body))
		return
	}
	r.BodyBase64 = base64.StdEncoding.EncodeToString(body)
}
