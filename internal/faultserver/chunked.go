package faultserver

import "strings"

// chunked are answers in the chunked coding (RFC 9112 §7.1).
func chunked() []Behaviour {
	const head = statusLine + "Transfer-Encoding: chunked\r\n\r\n"
	const chunk = "32\r\n" + fifty + "\r\n"
	ok, short, bad := Verdict{"ok"}, Verdict{"short_body"}, Verdict{"bad_response"}
	return []Behaviour{
		{Name: "chunked", Want: ok, Doc: "two chunks and the last one (RFC 9112 §7.1)",
			raw: sends(keep, head+chunk, chunk, "0\r\n\r\n")},
		{Name: "chunk-extension", Want: ok, Doc: "extensions must be ignored (RFC 9112 §7.1.1)",
			raw: sends(keep, head+"32;name=\"value\";other\r\n"+fifty+"\r\n0;last\r\n\r\n")},
		{Name: "chunk-extension-endless", Want: Verdict{"bad_response", "too_large"}, Doc: "an extension that never ends (RFC 9112 §7.1.1)",
			raw: endless(head + "32;x=")},
		{Name: "chunk-extensions-huge", Want: Verdict{"bad_response", "too_large", "ok"}, Doc: "1,000,000 chunks of one byte, each with an extension of 10 (CVE-2023-39326)",
			raw: endlessly(head, "1;x=1234567\r\nx\r\n", 1_000_000, "0\r\n\r\n")},
		{Name: "chunk-size-endless", Want: bad, Doc: "a size of digits without end (RFC 9112 §7.1)",
			raw: endless(head)},
		{Name: "chunk-tiny", Want: ok, Doc: "500 chunks of one byte in one write (RFC 9112 §7.1)",
			raw: sends(keep, head+strings.Repeat("1\r\nx\r\n", 500)+"0\r\n\r\n")},
		{Name: "chunk-missing-last", Want: short, Doc: "the connection ends after a whole chunk: incomplete (RFC 9112 §8)",
			raw: sends(shut, head+chunk)},
		{Name: "chunk-cut", Want: short, Doc: "the connection ends within a chunk (RFC 9112 §8)",
			raw: sends(shut, head+"64\r\n"+fifty)},
		{Name: "chunk-cut-size", Want: Verdict{"short_body", "bad_response"}, Doc: "the connection ends within a chunk's size (RFC 9112 §8)",
			raw: sends(shut, head+chunk+"3")},
		{Name: "chunk-cut-crlf", Want: short, Doc: "the connection ends after the last chunk, before the final CRLF (RFC 9112 §8)",
			raw: sends(shut, head+chunk+"0\r\n")},
		{Name: "chunk-reset", Want: Verdict{"reset"}, Doc: "RST between two chunks (RFC 9112 §8)",
			raw: sends(abort, head+chunk)},
		{Name: "chunk-bad-size", Want: bad, Doc: "a size that is no hexadecimal number (RFC 9112 §7.1)",
			raw: sends(shut, head+chunk+"xyz\r\n"+fifty+"\r\n0\r\n\r\n")},
		{Name: "chunk-negative-size", Want: bad, Doc: "a size of -32 (RFC 9112 §7.1)",
			raw: sends(shut, head+"-32\r\n"+fifty+"\r\n0\r\n\r\n")},
		{Name: "chunk-overflow", Want: bad, Doc: "a size of 20 hexadecimal digits (RFC 9112 §7.1)",
			raw: sends(shut, head+"fffffffffffffffffff1\r\n"+fifty+"\r\n0\r\n\r\n")},
		{Name: "chunk-no-crlf", Want: bad, Doc: "a chunk longer than its size (RFC 9112 §7.1)",
			raw: sends(shut, head+"31\r\n"+fifty+"\r\n0\r\n\r\n")},
		{Name: "chunk-bare-lf", Want: bad, Doc: "a size that ends with LF alone (RFC 9112 §7.1; CVE-2025-22871)",
			raw: sends(shut, head+"32\n"+fifty+"\r\n0\r\n\r\n")},
		{Name: "trailers", Want: ok, Doc: "fields after the last chunk (RFC 9112 §7.1.2)",
			raw: sends(keep, statusLine+"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"+chunk+"0\r\nX-Sum: 42\r\n\r\n")},
		{Name: "trailer-no-colon", Want: bad, Doc: "a trailer line without a colon (RFC 9112 §5)",
			raw: sends(shut, statusLine+"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"+chunk+"0\r\nX-Sum 42\r\n\r\n")},
		{Name: "trailer-endless", Want: Verdict{"bad_response", "too_large"}, Doc: "a trailer field that never ends (RFC 9110 §6.5)",
			raw: endless(statusLine + "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" + chunk + "0\r\nX-Sum: ")},
		{Name: "trailer-many", Want: Verdict{"bad_response", "too_large", "ok"}, Doc: "trailer fields of 16 MiB together (RFC 9110 §6.5)",
			raw: endlessly(head+chunk+"0\r\n", "X-Sum: 0123456789012345678901234567890123456789\r\n", 16<<20/49, "\r\n")},
		{Name: "trailer-cut", Want: Verdict{"short_body", "bad_response"}, Doc: "the connection ends within the trailers (RFC 9112 §8)",
			raw: sends(shut, statusLine+"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"+chunk+"0\r\nX-Sum: 4")},
	}
}
