package faultserver

import "net/http"

const (
	statusLine = "HTTP/1.1 200 OK\r\n"
	fifty      = "0123456789012345678901234567890123456789012345678\n"
)

// framing are answers whose length is told by Content-Length or by the end of
// the connection.
func framing() []Behaviour {
	ok, short, bad, reset := Verdict{"ok"}, Verdict{"short_body"}, Verdict{"bad_response"}, Verdict{"reset"}
	return []Behaviour{
		{Name: "cl-short", Want: short, Doc: "Content-Length 100, 50 bytes, end: incomplete (RFC 9112 §8)",
			raw: sends(shut, statusLine+"Content-Length: 100\r\n\r\n"+fifty)},
		{Name: "cl-short-head-only", Want: short, Doc: "Content-Length 100, no byte of it (RFC 9112 §8)",
			raw: sends(shut, statusLine+"Content-Length: 100\r\n\r\n")},
		{Name: "cl-short-by-one", Want: short, Doc: "one byte is missing (RFC 9112 §8)",
			raw: sends(shut, statusLine+"Content-Length: 51\r\n\r\n"+fifty)},
		{Name: "cl-two", Want: bad, Doc: "two different Content-Lengths: unrecoverable (RFC 9112 §6.3)",
			raw: sends(shut, statusLine+"Content-Length: 50\r\nContent-Length: 60\r\n\r\n"+fifty)},
		{Name: "cl-twice", Want: ok, Doc: "one Content-Length said twice may be taken (RFC 9110 §8.6)",
			raw: sends(keep, statusLine+"Content-Length: 50\r\nContent-Length: 50\r\n\r\n"+fifty)},
		{Name: "cl-letters", Want: bad, Doc: "Content-Length: ten (RFC 9110 §8.6)",
			raw: sends(shut, statusLine+"Content-Length: ten\r\n\r\n0123456789")},
		{Name: "cl-negative", Want: bad, Doc: "Content-Length: -50 (RFC 9110 §8.6)",
			raw: sends(shut, statusLine+"Content-Length: -50\r\n\r\n"+fifty)},
		{Name: "cl-plus", Want: bad, Doc: "Content-Length: +50 (RFC 9110 §8.6: digits only)",
			raw: sends(shut, statusLine+"Content-Length: +50\r\n\r\n"+fifty)},
		{Name: "cl-overflow", Want: bad, Doc: "Content-Length of 26 digits (RFC 9110 §8.6)",
			raw: sends(shut, statusLine+"Content-Length: 99999999999999999999999999\r\n\r\n"+fifty)},
		{Name: "cl-huge", Want: Verdict{"too_large", "short_body"}, Doc: "Content-Length 2^63-1 and 50 bytes (RFC 9112 §8)",
			raw: sends(shut, statusLine+"Content-Length: 9223372036854775807\r\n\r\n"+fifty)},
		{Name: "too-large", Path: "/bytes/10000000", Want: Verdict{"too_large"}, Doc: "10 MB, more than the client takes"},
		{Name: "too-large-chunked", Want: Verdict{"too_large"}, Doc: "10 MB in chunks, the length never told",
			raw: tooLargeChunked},
		{Name: "te-and-cl", Want: Verdict{"ok", "bad_response"}, Doc: "chunked and a Content-Length: chunked wins, or it is refused (RFC 9112 §6.3)",
			raw: sends(shut, statusLine+"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n32\r\n"+fifty+"\r\n0\r\n\r\n")},
		{Name: "te-not-chunked", Want: bad, Doc: "Transfer-Encoding: gzip, which nobody asked for (RFC 9112 §6.1)",
			raw: sends(shut, statusLine+"Transfer-Encoding: gzip\r\n\r\n"+fifty)},
		{Name: "te-chunked-twice", Want: bad, Doc: "Transfer-Encoding: chunked, chunked (RFC 9112 §6.1)",
			raw: sends(shut, statusLine+"Transfer-Encoding: chunked, chunked\r\n\r\n32\r\n"+fifty+"\r\n0\r\n\r\n")},
		{Name: "close-delimited", Want: ok, Doc: "no length, ended by an orderly close (RFC 9112 §6.3)",
			raw: sends(shut, statusLine+"Connection: close\r\n\r\n"+fifty)},
		{Name: "close-delimited-reset", Want: reset, Doc: "no length, ended by a RST: incomplete (RFC 9112 §8)",
			raw: sends(abort, statusLine+"Connection: close\r\n\r\n"+fifty)},
		{Name: "http10", Want: ok, Doc: "an HTTP/1.0 answer, ended by close",
			raw: sends(shut, "HTTP/1.0 200 OK\r\n\r\n"+fifty)},
		{Name: "reset-before-head", Want: reset, Doc: "RST before the first byte",
			raw: func(*exchange) ending { return abort }},
		{Name: "reset-in-head", Want: Verdict{"reset", "bad_response", "short_body"}, Doc: "RST within the header",
			raw: sends(abort, statusLine+"Content-Type: text/pl")},
		{Name: "reset-after-head", Want: reset, Doc: "RST after the header, before the body",
			raw: sends(abort, statusLine+"Content-Length: 100\r\n\r\n")},
		{Name: "reset-in-body", Want: reset, Doc: "RST after half of the body",
			raw: sends(abort, statusLine+"Content-Length: 100\r\n\r\n", fifty)},
		{Name: "body-on-204", Want: ok, Doc: "204 with a body, which is not one (RFC 9112 §6.3)",
			raw: sends(keep, "HTTP/1.1 204 No Content\r\nContent-Length: 50\r\n\r\n"+fifty)},
		{Name: "body-on-head", Method: http.MethodHead, Want: ok, Doc: "HEAD with a body, which is not one (RFC 9112 §6.3)",
			raw: sends(keep, statusLine+"Content-Length: 50\r\n\r\n"+fifty)},
		{Name: "extra-bytes", Want: ok, Doc: "50 bytes follow the complete answer: not part of it, and the connection is spoilt (RFC 9112 §6.3)",
			raw: sends(keep, statusLine+"Content-Length: 50\r\n\r\n"+fifty+fifty)},
	}
}

func tooLargeChunked(x *exchange) ending {
	x.send(statusLine + "Transfer-Encoding: chunked\r\n\r\n")
	const size = 100_000
	body := make([]byte, size)
	for range 100 {
		x.send("186a0\r\n")
		if _, err := x.conn.Write(body); err != nil {
			return shut // the client has seen enough
		}
		x.send("\r\n")
	}
	x.last("0\r\n\r\n")
	return keep
}
