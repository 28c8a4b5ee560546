package faultserver

import (
	"fmt"
	"strings"
)

// headers are answers with odd or hostile header sections (RFC 9112 §5).
func headers() []Behaviour {
	ok, bad := Verdict{"ok"}, Verdict{"bad_response"}
	either := Verdict{"ok", "bad_response"}
	const end = "Content-Length: 50\r\n\r\n" + fifty
	return []Behaviour{
		{Name: "header-100k", Want: ok, Doc: "a header of 100 KiB, within the client's limit",
			raw: sends(keep, statusLine+"X-Fill: "+strings.Repeat("x", 100<<10)+"\r\n"+end)},
		{Name: "header-huge", Want: Verdict{"bad_response", "too_large"}, Doc: "one field of 1 MiB, beyond the client's limit (RFC 9110 §5.4)",
			raw: sends(shut, statusLine+"X-Fill: "+strings.Repeat("x", 1<<20)+"\r\n"+end)},
		{Name: "header-many", Want: Verdict{"bad_response", "too_large"}, Doc: "20,000 fields, together beyond the client's limit (RFC 9110 §5.4)",
			raw: sends(shut, statusLine+manyFields(20_000)+end)},
		{Name: "header-endless", Want: Verdict{"bad_response", "too_large"}, Doc: "a field that never ends",
			raw: endless(statusLine + "X-Fill: ")},
		{Name: "header-no-colon", Want: bad, Doc: "a line without a colon (RFC 9112 §5)",
			raw: sends(shut, statusLine+"this line has none\r\n"+end)},
		{Name: "header-no-name", Want: bad, Doc: "a line that begins with a colon (RFC 9112 §5)",
			raw: sends(shut, statusLine+": value\r\n"+end)},
		{Name: "header-fold", Want: ok, Doc: "obs-fold is read as a space (RFC 9112 §5.2)",
			raw: sends(keep, statusLine+"X-Folded: one\r\n two\r\n\tthree\r\n"+end)},
		{Name: "header-first-folded", Want: Verdict{"bad_response", "ok"}, Doc: "space before the first field: refused or skipped (RFC 9112 §2.2)",
			raw: sends(shut, statusLine+" X-Early: one\r\n"+end)},
		{Name: "header-nul", Want: either, Doc: "NUL in a value: refused or read as a space (RFC 9110 §5.5)",
			raw: sends(keep, statusLine+"X-Nul: a\x00b\r\n"+end)},
		{Name: "header-bare-cr", Want: either, Doc: "CR in a value: refused or read as a space (RFC 9112 §2.2)",
			raw: sends(keep, statusLine+"X-Cr: a\rb\r\n"+end)},
		{Name: "header-latin1", Want: ok, Doc: "bytes above 127 are opaque (RFC 9110 §5.5)",
			raw: sends(keep, statusLine+"X-Latin: caf\xe9\r\n"+end)},
		{Name: "header-bare-lf", Want: either, Doc: "lines that end with LF alone may be taken (RFC 9112 §2.2)",
			raw: sends(keep, "HTTP/1.1 200 OK\nContent-Length: 50\n\n"+fifty)},
		{Name: "cut-head", Want: Verdict{"reset", "bad_response", "short_body"}, Doc: "an orderly close within the header (RFC 9112 §8)",
			raw: sends(shut, statusLine+"Content-Type: text/pl")},
		{Name: "upgrade-unasked", Want: ok, Doc: "a 200 that offers another protocol (RFC 9110 §7.8)",
			raw: sends(keep, statusLine+"Upgrade: h2c\r\nConnection: Upgrade\r\n"+end)},
	}
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "X-Field-%d: some value\r\n", i)
	}
	return b.String()
}

// endless returns a raw behaviour that sends head and then one letter without
// end: at most 16 MiB, for a client without any limit.
func endless(head string) func(*exchange) ending {
	return endlessly(head, strings.Repeat("1", 64<<10), 256, "")
}

// endlessly returns a raw behaviour that sends head, part n times, and the rest
// if there is one: else it aborts.
func endlessly(head, part string, n int, rest string) func(*exchange) ending {
	return func(x *exchange) ending {
		x.send(head)
		many := max(1, 64<<10/len(part))
		block := []byte(strings.Repeat(part, many))
		for left := n; left > 0; left -= many {
			if _, err := x.conn.Write(block[:min(many, left)*len(part)]); err != nil {
				return shut // the client has seen enough
			}
		}
		if rest == "" {
			return abort
		}
		x.last(rest)
		return shut
	}
}
