package faultserver

import (
	"net/http"
	"strings"
	"time"
)

// interim are answers with 1xx before them (RFC 9110 §15.2).
func interim() []Behaviour {
	const final = statusLine + "Content-Length: 50\r\n\r\n" + fifty
	ok := Verdict{"ok"}
	expects := http.Header{"Expect": {"100-continue"}}
	return []Behaviour{
		{Name: "early-hints", Want: ok, Doc: "103 and then 200 (RFC 8297)",
			raw: sends(keep, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n", final)},
		{Name: "continue-unasked", Want: ok, Doc: "100 that nobody asked for (RFC 9110 §15.2)",
			raw: sends(keep, "HTTP/1.1 100 Continue\r\n\r\n", final)},
		{Name: "processing", Want: ok, Doc: "three times 102 and then 200 (RFC 9110 §15.2)",
			raw: sends(keep, strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 3), final)},
		{Name: "interim-flood", Want: Verdict{"bad_response", "too_large"}, Doc: "100,000 interim answers, together beyond the client's header limit",
			raw: interimFlood},
		{Name: "interim-only", Want: Verdict{"reset", "bad_response", "short_body"}, Doc: "100 and then an orderly close: no answer (RFC 9110 §15.2)",
			raw: sends(shut, "HTTP/1.1 100 Continue\r\n\r\n")},
		{Name: "switching-unasked", Want: Verdict{"bad_response", "101"}, Doc: "101 that nobody asked for (RFC 9110 §15.2.2)",
			raw: sends(shut, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")},
		{Name: "expect-continue", Path: "/echo?expect", Method: http.MethodPost, Header: expects, BodySize: 1000, Want: ok,
			Doc: "100 to a request that waits for it (RFC 9110 §10.1.1)"},
		{Name: "expect-ignored", Method: http.MethodPost, Header: expects, BodySize: 1000, Want: ok,
			Doc: "no 100: the client sends its body after a while all the same (RFC 9110 §10.1.1)",
			raw: expectIgnored},
		{Name: "expect-failed", Method: http.MethodPost, Header: expects, BodySize: 1000, Want: Verdict{"417"},
			Doc: "417 instead of 100 (RFC 9110 §15.5.18)",
			raw: sends(shut, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")},
	}
}

func interimFlood(x *exchange) ending {
	batch := []byte(strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 1000))
	for range 100 {
		if _, err := x.conn.Write(batch); err != nil {
			return shut
		}
	}
	x.last(statusLine + "Content-Length: 2\r\n\r\nok")
	return keep
}

// expectIgnored waits for the body without asking for it.
func expectIgnored(x *exchange) ending {
	_ = x.conn.SetReadDeadline(time.Now().Add(3 * time.Second))
	if x.request.readBody() != nil {
		return abort
	}
	_ = x.conn.SetReadDeadline(time.Time{})
	x.last(statusLine + "Content-Length: 3\r\n\r\nok\n")
	return keep
}
