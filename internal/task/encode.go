package task

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// Append appends the record to b as one line of JSON without its newline.
// Appending costs a tenth of reflection (json.Marshal: 6 µs a record), and
// records are written once a task.
func (r *Record) Append(b []byte) []byte {
	b = append(b, `{"v":1,"seq":`...)
	b = strconv.AppendInt(b, r.Seq, 10)
	b = appendString(b, `,"id":`, r.ID)
	b = appendString(b, `,"outcome":`, string(r.Outcome))
	b = appendOptional(b, `,"method":`, r.Method)
	b = appendOptional(b, `,"url":`, r.URL)
	b = appendOptional(b, `,"final_url":`, r.FinalURL)
	b = appendKnown(b, `,"mirror":`, int64(r.Mirror))
	if r.Status != 0 {
		b = appendKnown(b, `,"status":`, int64(r.Status))
	}
	b = appendOptional(b, `,"protocol":`, r.Protocol)
	if !r.Start.IsZero() {
		b = append(b, `,"start":"`...)
		b = r.Start.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
		b = append(b, '"')
	}
	b = appendSeconds(b, `,"duration":`, r.Duration)
	b = appendKnown(b, `,"attempts":`, int64(r.Attempts))
	b = appendKnown(b, `,"bytes":`, r.Bytes)
	b = appendKnown(b, `,"resumed_bytes":`, r.Resumed)
	b = appendOptional(b, `,"content_type":`, r.ContentType)
	b = appendOptional(b, `,"remote":`, r.Remote)
	b = r.Timing.append(b)
	b = appendRetries(b, r.Retries)
	if r.Error != nil {
		b = appendString(b, `,"error":{"type":`, string(r.Error.Type))
		b = appendString(b, `,"message":`, r.Error.Message)
		b = append(b, '}')
	}
	if r.Output != nil {
		b = appendString(b, `,"output":{"path":`, r.Output.Path)
		b = appendKnown(b, `,"bytes":`, r.Output.Bytes)
		b = appendOptional(b, `,"sha256":`, r.Output.SHA256)
		b = append(b, '}')
	}
	b = appendStrings(b, `,"expect_failed":`, r.Expect)
	b = appendFields(b, `,"headers":`, r.Headers)
	if r.Body != nil {
		b = append(append(b, `,"body":`...), r.Body...)
	}
	b = appendOptional(b, `,"body_base64":`, r.BodyBase64)
	b = appendOptional(b, `,"body_omitted":`, r.BodyOmitted)
	b = appendKnown(b, `,"exit_code":`, int64(r.ExitCode))
	b = appendOptional(b, `,"signal":`, r.Signal)
	b = appendOptional(b, `,"stderr_tail":`, r.StderrTail)
	b = appendOptional(b, `,"trace_id":`, r.TraceID)
	b = appendOptional(b, `,"span_id":`, r.SpanID)
	if r.Meta != nil {
		b = append(append(b, `,"meta":`...), r.Meta...)
	}
	return append(b, '}')
}

// MarshalJSON makes encoding/json agree with Append.
func (r *Record) MarshalJSON() ([]byte, error) { return r.Append(nil), nil }

func (t *Timing) append(b []byte) []byte {
	b = append(b, `,"timing":{"queue":`...)
	b = appendDuration(b, t.Queue)
	b = appendSeconds(b, `,"rate":`, t.Rate)
	b = appendSeconds(b, `,"backoff":`, t.Backoff)
	b = appendSeconds(b, `,"breaker":`, t.Breaker)
	b = appendSeconds(b, `,"dns":`, t.DNS)
	b = appendSeconds(b, `,"connect":`, t.Connect)
	b = appendSeconds(b, `,"tls":`, t.TLS)
	b = appendSeconds(b, `,"first_byte":`, t.FirstByte)
	b = appendSeconds(b, `,"transfer":`, t.Transfer)
	return append(b, '}')
}

func appendRetries(b []byte, retries []Retry) []byte {
	if len(retries) == 0 {
		return b
	}
	b = append(b, `,"retries":[`...)
	for i, r := range retries {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		if r.Status != 0 {
			b = append(b, `"status":`...)
			b = strconv.AppendInt(b, int64(r.Status), 10)
			b = append(b, ',')
		}
		if r.Error != "" {
			b = appendString(b, `"error":`, string(r.Error))
			b = append(b, ',')
		}
		b = append(b, `"duration":`...)
		b = appendDuration(b, r.Duration)
		b = appendSeconds(b, `,"wait":`, r.Wait)
		b = appendString(b, `,"reason":`, r.Reason)
		b = append(b, '}')
	}
	return append(b, ']')
}

// appendKnown appends key and n, or nothing when n is Unknown.
func appendKnown(b []byte, key string, n int64) []byte {
	if n == Unknown {
		return b
	}
	return strconv.AppendInt(append(b, key...), n, 10)
}

// appendSeconds appends key and d, or nothing when d is Unknown.
func appendSeconds(b []byte, key string, d time.Duration) []byte {
	if d == Unknown {
		return b
	}
	return appendDuration(append(b, key...), d)
}

// appendDuration appends d in seconds with microsecond precision and without
// trailing zeros. Negative durations, which only a stepped clock can give, are
// written as 0.
func appendDuration(b []byte, d time.Duration) []byte {
	micros := max(0, d.Round(time.Microsecond).Microseconds())
	b = strconv.AppendInt(b, micros/1e6, 10)
	if fraction := micros % 1e6; fraction != 0 {
		digits := strconv.AppendInt(make([]byte, 0, 8), 1e6+fraction, 10)[1:]
		for digits[len(digits)-1] == '0' {
			digits = digits[:len(digits)-1]
		}
		b = append(append(b, '.'), digits...)
	}
	return b
}

func appendOptional(b []byte, key, s string) []byte {
	if s == "" {
		return b
	}
	return appendString(b, key, s)
}

func appendStrings(b []byte, key string, list []string) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(append(b, key...), '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, "", s)
	}
	return append(b, ']')
}

func appendFields(b []byte, key string, fields []Field) []byte {
	if len(fields) == 0 {
		return b
	}
	b = append(append(b, key...), '{')
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, "", f.Name)
		b = appendString(b, ":", f.Value)
	}
	return append(b, '}')
}

// appendString appends key and s as a JSON string (RFC 8259 §7). Bytes that
// are not UTF-8 become U+FFFD; control characters and DEL are escaped, so that
// a record printed on a terminal is inert, and U+2028, U+2029 and the
// bidirectional controls too, so that it reads as what it is.
func appendString(b []byte, key, s string) []byte {
	b = append(append(b, key...), '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if plain[c] {
				i++
				continue
			}
			b = appendEscaped(append(b, s[start:i]...), rune(c))
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if (r == utf8.RuneError && size == 1) || hidden(r) {
			b = appendEscaped(append(b, s[start:i]...), r)
			start = i + size
		}
		i += size
	}
	return append(append(b, s[start:]...), '"')
}

// plain are the ASCII bytes that stand for themselves in a JSON string.
var plain = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = c >= 0x20 && c != 0x7f && c != '"' && c != '\\'
	}
	return t
}()

// hidden are characters that a terminal or an editor acts on instead of showing:
// C1 controls, line and paragraph separators, and the bidirectional controls of
// UAX #9.
func hidden(r rune) bool {
	return r >= 0x80 && r < 0xa0 || r == 0x061c || r >= 0x200e && r <= 0x200f ||
		r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff
}

func appendEscaped(b []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}
