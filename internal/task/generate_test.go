package task

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// hostile are texts that have broken writers, readers or terminals.
var hostile = []string{
	"", "\x00", "\xff\xfe", "a\xc3", "\xed\xa0\x80", "\x1b[31mred\x1b[0m", "\x7f", "\u0085\u009b31m", "\u202e\u2066gpj.exe\u2069",
	"\u2028\u2029", "\ufeff", "\ufffd", `"`, `\`, `\u0000`, "\r\n\t\b\f", "</script>&amp;", "null", "𝄞 é 中", "\U0010ffff", "\u061c\u200e\u200f",
}

// text generates strings of all kinds, valid UTF-8 or not.
func text() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom(hostile),
		rapid.String(),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 20), func(b []byte) string { return string(b) }),
	)
}

// value generates a JSON value other than null, in which strings hold
// everything that RFC 8259 lets stand unescaped, with white space around it.
func value() *rapid.Generator[json.RawMessage] {
	return rapid.Custom(func(t *rapid.T) json.RawMessage {
		quoted := func(label string) string {
			s := strings.ToValidUTF8(text().Draw(t, label), "?")
			s = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
			return `"` + strings.Map(func(r rune) rune {
				if r < 0x20 {
					return -1
				}
				return r
			}, s) + `"`
		}
		number := json.Number(rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,5})?([eE][+-]?[0-9])?`).Draw(t, "number"))
		space := rapid.SampledFrom([]string{"", " ", "\n", "\r\n\t"}).Draw(t, "space")
		return json.RawMessage(rapid.SampledFrom([]string{
			quoted("string"), string(number), "true",
			"{" + quoted("key") + ":" + space + "[null," + space + string(number) + "]}", "[" + space + "]",
		}).Draw(t, "value"))
	})
}

func digits(n int) *rapid.Generator[string] {
	return rapid.OneOf(rapid.Just(""), rapid.StringOfN(rapid.RuneFrom([]rune("0123456789abcdef")), n, n, -1))
}

// duration generates nanoseconds up to fifty years, at every scale, Unknown and
// the negative too.
func duration() *rapid.Generator[time.Duration] {
	const year = 365 * 24 * time.Hour
	return rapid.Map(rapid.OneOf(
		rapid.SampledFrom([]int64{Unknown, 0, 1, 499, 500, -2, -int64(time.Hour), math.MinInt64}),
		rapid.Int64Range(0, int64(time.Second)), rapid.Int64Range(0, int64(50*year)),
	), func(n int64) time.Duration { return time.Duration(n) })
}

// optional generates counts, Unknown among them.
func optional() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Just(int64(Unknown)), rapid.Int64Range(0, math.MaxInt64))
}

func errorType() *rapid.Generator[ErrorType] {
	status := rapid.StringMatching(`[1-9][0-9]{2}`)
	return rapid.OneOf(rapid.SampledFrom(errorTypes), rapid.Map(status, func(s string) ErrorType { return ErrorType(s) }))
}

func status() *rapid.Generator[int] {
	return rapid.OneOf(rapid.Just(0), rapid.IntRange(100, 999))
}

// records generates records as a run makes them, with all that they can hold.
func records() *rapid.Generator[Record] {
	return rapid.Custom(func(t *rapid.T) Record {
		str := func(label string) string { return text().Draw(t, label) }
		num := func(label string) int { return int(rapid.IntRange(Unknown, 1000).Draw(t, label)) }
		dur := func(label string) time.Duration { return duration().Draw(t, label) }
		r := Record{
			Seq:     rapid.Int64Range(0, math.MaxInt64).Draw(t, "seq"),
			ID:      "i" + str("id"),
			Outcome: rapid.SampledFrom([]Outcome{OK, NotModified, Failed, Unfinished}).Draw(t, "outcome"),
			Method:  str("method"), URL: str("url"), FinalURL: str("final_url"), Mirror: num("mirror"),
			Status: status().Draw(t, "status"), Protocol: str("protocol"),
			Duration: dur("duration"), Attempts: rapid.IntRange(0, 100).Draw(t, "attempts"),
			Bytes: optional().Draw(t, "bytes"), Resumed: optional().Draw(t, "resumed_bytes"),
			ContentType: str("content_type"), Remote: str("remote"),
			Timing: Timing{
				Queue: dur("queue"), Rate: dur("rate"), Backoff: dur("backoff"), Breaker: dur("breaker"), DNS: dur("dns"),
				Connect: dur("connect"), TLS: dur("tls"), FirstByte: dur("first_byte"), Transfer: dur("transfer"),
			},
			Retries: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Retry {
				return Retry{
					Status: status().Draw(t, "status"), Error: errorType().Draw(t, "error"), Duration: duration().Draw(t, "duration"),
					Wait: duration().Draw(t, "wait"), Reason: rapid.SampledFrom([]string{"backoff", "retry_after"}).Draw(t, "reason"),
				}
			}), 0, 3).Draw(t, "retries"),
			Expect:   rapid.SliceOfN(text(), 0, 3).Draw(t, "expect_failed"),
			ExitCode: num("exit_code"), Signal: str("signal"), StderrTail: str("stderr_tail"),
			TraceID: digits(32).Draw(t, "trace_id"), SpanID: digits(16).Draw(t, "span_id"),
		}
		if rapid.Bool().Draw(t, "started") {
			r.Start = time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "start")).In(time.FixedZone("x", 3600))
		}
		if r.Outcome == Failed || r.Outcome == Unfinished && rapid.Bool().Draw(t, "canceled") {
			r.Error = &Error{Type: errorType().Draw(t, "error"), Message: str("message")}
		}
		if rapid.Bool().Draw(t, "stored") {
			r.Output = &Output{Path: str("path"), Bytes: optional().Draw(t, "output bytes"), SHA256: digits(64).Draw(t, "sha256")}
		}
		for _, name := range []string{"etag", "last-modified", "location", "ratelimit-reset", "retry-after"} {
			if rapid.Bool().Draw(t, name) {
				r.Headers = append(r.Headers, Field{name, str("field")})
			}
		}
		switch rapid.IntRange(0, 3).Draw(t, "body") {
		case 1:
			r.Body = value().Draw(t, "json")
		case 2:
			r.SetBody([]byte(str("body")), rapid.Bool().Draw(t, "claimed"))
		case 3:
			r.BodyOmitted = str("omitted")
		}
		if rapid.Bool().Draw(t, "meta") {
			r.Meta = value().Draw(t, "meta value")
		}
		return r
	})
}

// written returns r as a decoder must see it: strings as UTF-8, times at the
// precision of the schema, JSON values inert.
func written(r Record) Record {
	utf8 := func(list ...*string) {
		for _, s := range list {
			*s = string([]rune(*s)) // U+FFFD for each bad byte
		}
	}
	micro := func(list ...*time.Duration) {
		for _, d := range list {
			if *d != Unknown {
				*d = max(0, d.Round(time.Microsecond))
			}
		}
	}
	utf8(&r.ID, &r.Method, &r.URL, &r.FinalURL, &r.Protocol, &r.ContentType, &r.Remote, &r.BodyBase64, &r.BodyOmitted, &r.Signal, &r.StderrTail)
	t := &r.Timing
	micro(&r.Duration, &t.Queue, &t.Rate, &t.Backoff, &t.Breaker, &t.DNS, &t.Connect, &t.TLS, &t.FirstByte, &t.Transfer)
	if !r.Start.IsZero() {
		r.Start = r.Start.UTC().Truncate(time.Millisecond)
	}
	r.Retries = slices.Clone(r.Retries)
	for i := range r.Retries {
		micro(&r.Retries[i].Duration, &r.Retries[i].Wait)
	}
	if r.Error != nil {
		e := Error{Type: r.Error.Type, Message: r.Error.Message}
		utf8(&e.Message)
		r.Error = &e
	}
	if r.Output != nil {
		o := *r.Output
		utf8(&o.Path)
		r.Output = &o
	}
	r.Expect = slices.Clone(r.Expect)
	for i := range r.Expect {
		utf8(&r.Expect[i])
	}
	r.Headers = slices.Clone(r.Headers)
	for i := range r.Headers {
		utf8(&r.Headers[i].Value)
	}
	return r
}
