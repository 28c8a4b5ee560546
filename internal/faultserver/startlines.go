package faultserver

import "strings"

// startLines are answers whose first line is odd or missing (RFC 9112 §4).
func startLines() []Behaviour {
	bad := Verdict{"bad_response"}
	const rest = "\r\nContent-Length: 50\r\n\r\n" + fifty
	return []Behaviour{
		{Name: "http09", Want: bad, Doc: "a body alone, as HTTP/0.9 had it (RFC 9112 appendix C.1)",
			raw: sends(shut, "<html>no status line</html>\n")},
		{Name: "garbage", Want: bad, Doc: "bytes that are no status line (RFC 9112 §4)",
			raw: sends(shut, "\x00\xff\xfeSSH-2.0-x \x01\r\n\r\n")},
		{Name: "status-bare", Want: bad, Doc: "HTTP/1.1 and nothing after it (RFC 9112 §4)",
			raw: sends(shut, "HTTP/1.1"+rest)},
		{Name: "status-no-reason", Want: Verdict{"ok"}, Doc: "no reason phrase (RFC 9112 §4)",
			raw: sends(keep, "HTTP/1.1 200"+rest)},
		{Name: "status-letters", Want: bad, Doc: "a status of letters (RFC 9112 §4)",
			raw: sends(shut, "HTTP/1.1 two OK"+rest)},
		{Name: "status-four-digits", Want: bad, Doc: "status 2000 (RFC 9112 §4)",
			raw: sends(shut, "HTTP/1.1 2000 OK"+rest)},
		{Name: "status-negative", Want: bad, Doc: "status -20 (RFC 9112 §4)",
			raw: sends(shut, "HTTP/1.1 -20 OK"+rest)},
		{Name: "version-letters", Want: bad, Doc: "HTTP/x.y (RFC 9112 §2.3)",
			raw: sends(shut, "HTTP/x.y 200 OK"+rest)},
		{Name: "version-other", Want: bad, Doc: "another protocol's name (RFC 9112 §2.3)",
			raw: sends(shut, "ICY 200 OK"+rest)},
		{Name: "reason-escapes", Want: Verdict{"500"}, Doc: "terminal escapes in the reason phrase and the body; neither may reach a terminal",
			raw: sends(keep, "HTTP/1.1 500 \x1b[2J\x1b]0;owned\x07\r\nContent-Length: 8\r\n\r\n\x1b[31mred")},
		{Name: "status-line-endless", Want: Verdict{"bad_response", "too_large"}, Doc: "a reason phrase that never ends",
			raw: endless("HTTP/1.1 200 ")},
		{Name: "reason-100k", Want: Verdict{"500"}, Doc: "a reason phrase of 100 KiB, within the client's limit",
			raw: sends(shut, "HTTP/1.1 500 "+strings.Repeat("x", 100<<10)+rest)},
		{Name: "empty-reply", Want: Verdict{"reset"}, Doc: "an orderly close instead of an answer (RFC 9112 §9.5)",
			raw: func(*exchange) ending { return shut }},
		{Name: "cut-status-line", Want: Verdict{"reset", "bad_response", "short_body"}, Doc: "an orderly close within the status line (RFC 9112 §8)",
			raw: sends(shut, "HTTP/1.1 20")},
	}
}
