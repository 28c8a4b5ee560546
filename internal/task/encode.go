package task

import (
	"strconv"
	"time"
)

// Append appends the record to b as one line of JSON without its newline. The
// line is UTF-8 whatever the strings hold, and has no null: what is not known
// is left out. It allocates only to make b larger: encoding/json costs several
// times as much, and a run writes a record a task.
func (r *Record) Append(b []byte) []byte {
	b = append(b, `{"v":1,"seq":`...)
	b = strconv.AppendInt(b, r.Seq, 10)
	b = appendString(b, `,"id":`, r.ID)
	b = appendString(b, `,"outcome":`, string(r.Outcome))
	b = appendOptional(b, `,"method":`, r.Method)
	b = appendOptional(b, `,"url":`, r.URL)
	b = appendOptional(b, `,"final_url":`, r.FinalURL)
	b = appendKnown(b, `,"mirror":`, int64(r.Mirror))
	b = appendStatus(b, r.Status)
	b = appendOptional(b, `,"protocol":`, r.Protocol)
	if !r.Start.IsZero() {
		b = append(b, `,"start":"`...)
		b = appendTime(b, r.Start)
		b = append(b, '"')
	}
	b = appendSeconds(b, `,"duration":`, r.Duration)
	b = appendKnown(b, `,"attempts":`, int64(r.Attempts))
	b = appendKnown(b, `,"bytes":`, r.Bytes)
	b = appendKnown(b, `,"resumed_bytes":`, r.Resumed)
	b = appendOptional(b, `,"content_type":`, r.ContentType)
	b = appendOptional(b, `,"remote":`, r.Remote)
	b = r.Timing.append(append(b, `,"timing":`...))
	b = appendRetries(b, `,"retries":`, r.Retries)
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
	b = appendRaw(b, `,"body":`, r.Body)
	b = appendOptional(b, `,"body_base64":`, r.BodyBase64)
	b = appendOptional(b, `,"body_omitted":`, r.BodyOmitted)
	b = appendKnown(b, `,"exit_code":`, int64(r.ExitCode))
	b = appendOptional(b, `,"signal":`, r.Signal)
	b = appendOptional(b, `,"stderr_tail":`, r.StderrTail)
	b = appendOptional(b, `,"trace_id":`, r.TraceID)
	b = appendOptional(b, `,"span_id":`, r.SpanID)
	b = appendRaw(b, `,"meta":`, r.Meta)
	return append(b, '}')
}

// appendTime appends t in UTC to the millisecond, RFC 3339: what a layout with
// ".000" gives, at a third of its cost.
func appendTime(b []byte, t time.Time) []byte {
	t = t.UTC()
	b = t.AppendFormat(b, time.RFC3339) // which has a way of its own in package time, and ends in Z
	ms := t.Nanosecond() / int(time.Millisecond)
	return append(b[:len(b)-1], '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10), 'Z')
}

// MarshalJSON makes encoding/json agree with Append, also for a Record that is
// not addressable.
func (r Record) MarshalJSON() ([]byte, error) { return r.Append(nil), nil }

func (t *Timing) append(b []byte) []byte {
	start := len(b)
	b = appendSeconds(b, `,"queue":`, t.Queue)
	b = appendSeconds(b, `,"rate":`, t.Rate)
	b = appendSeconds(b, `,"backoff":`, t.Backoff)
	b = appendSeconds(b, `,"breaker":`, t.Breaker)
	b = appendSeconds(b, `,"dns":`, t.DNS)
	b = appendSeconds(b, `,"connect":`, t.Connect)
	b = appendSeconds(b, `,"tls":`, t.TLS)
	b = appendSeconds(b, `,"first_byte":`, t.FirstByte)
	b = appendSeconds(b, `,"transfer":`, t.Transfer)
	return enclose(b, start)
}

func appendRetries(b []byte, key string, retries []Retry) []byte {
	if len(retries) == 0 {
		return b
	}
	b = append(append(b, key...), '[')
	for i, r := range retries {
		if i > 0 {
			b = append(b, ',')
		}
		start := len(b)
		b = appendStatus(b, r.Status)
		b = appendOptional(b, `,"error":`, string(r.Error))
		b = appendSeconds(b, `,"duration":`, r.Duration)
		b = appendSeconds(b, `,"wait":`, r.Wait)
		b = appendOptional(b, `,"reason":`, r.Reason)
		b = enclose(b, start)
	}
	return append(b, ']')
}

// enclose makes an object of the members that b holds from start on, each with
// a comma before it.
func enclose(b []byte, start int) []byte {
	if len(b) == start {
		return append(b, "{}"...)
	}
	b[start] = '{' // in place of the first comma
	return append(b, '}')
}

func appendStatus(b []byte, status int) []byte {
	if status == 0 {
		return b
	}
	return appendKnown(b, `,"status":`, int64(status))
}

// appendKnown appends key and n, or nothing when n is Unknown, as every
// negative count is.
func appendKnown(b []byte, key string, n int64) []byte {
	if n < 0 {
		return b
	}
	return strconv.AppendInt(append(b, key...), n, 10)
}

// appendSeconds appends key and d in seconds, to the microsecond and without
// trailing zeros, or nothing when d is Unknown. Another negative duration,
// which only a stepped clock can give, is written as 0.
func appendSeconds(b []byte, key string, d time.Duration) []byte {
	if d == Unknown {
		return b
	}
	micros := max(0, d.Round(time.Microsecond).Microseconds())
	b = strconv.AppendInt(append(b, key...), micros/1e6, 10)
	fraction := micros % 1e6
	if fraction == 0 {
		return b
	}
	point := len(b)
	b = strconv.AppendInt(b, 1e6+fraction, 10) // seven digits: the leading 1 keeps the zeros
	b[point] = '.'
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}
