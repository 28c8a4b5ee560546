package faultserver

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"sync"
)

// encodings are answers with a content coding (RFC 9110 §8.4), whole and
// broken; the framing around them is right unless the name says otherwise.
func encodings() []Behaviour {
	ok, decode := Verdict{"ok"}, Verdict{"decode"}
	undecoded := Verdict{"decode", "ok"} // refused, or handed on as it came
	return []Behaviour{
		{Name: "gzip", Want: ok, Doc: "gzip (RFC 9110 §8.4.1.3)", raw: encoded("gzip", plainGzip)},
		{Name: "gzip-chunked", Want: ok, Doc: "gzip in chunks", raw: gzipChunked},
		{Name: "gzip-members", Want: ok, Doc: "two gzip members, one body (RFC 1952 §2.2)",
			raw: encoded("gzip", func() []byte { return append(plainGzip(), plainGzip()...) })},
		{Name: "gzip-cut", Want: decode, Doc: "the gzip stream ends early, the framing does not (RFC 1952)",
			raw: encoded("gzip", func() []byte { z := plainGzip(); return z[:len(z)/2] })},
		{Name: "gzip-cut-trailer", Want: decode, Doc: "gzip without its checksum (RFC 1952 §2.3)",
			raw: encoded("gzip", func() []byte { z := plainGzip(); return z[:len(z)-8] })},
		{Name: "gzip-bad-sum", Want: decode, Doc: "gzip with a wrong checksum (RFC 1952 §2.3.1)",
			raw: encoded("gzip", func() []byte { z := plainGzip(); z[len(z)-8] ^= 1; return z })},
		{Name: "gzip-corrupt", Want: decode, Doc: "gzip with a byte changed in its middle",
			raw: encoded("gzip", func() []byte { z := plainGzip(); z[len(z)/2] ^= 0xff; return z })},
		{Name: "gzip-not", Want: decode, Doc: "text that is called gzip",
			raw: encoded("gzip", func() []byte { return []byte(fifty) })},
		{Name: "gzip-garbage-after", Want: Verdict{"decode", "ok"}, Doc: "bytes after the gzip stream (RFC 1952 §2.2 knows members only)",
			raw: encoded("gzip", func() []byte { return append(plainGzip(), "garbage"...) })},
		{Name: "gzip-empty", Want: Verdict{"ok", "decode"}, Doc: "an empty body that is called gzip",
			raw: encoded("gzip", func() []byte { return nil })},
		{Name: "gzip-cl-short", Want: Verdict{"short_body", "decode"}, Doc: "gzip, and the connection ends early (RFC 9112 §8)", raw: gzipShort},
		{Name: "gzip-bomb", Want: Verdict{"too_large"}, Doc: "70 KB that decode to 72 MiB",
			raw: encoded("gzip", bomb)},
		{Name: "gzip-name-endless", Want: decode, Doc: "a file name that never ends, in the header of a gzip stream (RFC 1952 §2.3.1)",
			raw: endless(statusLine + "Content-Encoding: gzip\r\nConnection: close\r\n\r\n\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff")},
		{Name: "gzip-members-endless", Want: Verdict{"reset", "ok", "too_large", "decode", "timeout_read"}, Doc: "2 MiB of empty gzip members: a body that goes on and never has a byte",
			raw: endlessly(statusLine+"Content-Encoding: gzip\r\nConnection: close\r\n\r\n", string(compress(nil)), 2<<20/len(compress(nil)), "")},
		{Name: "gzip-twice", Want: undecoded, Doc: "gzip, gzip (RFC 9110 §8.4)",
			raw: encoded("gzip, gzip", func() []byte { return compress(plainGzip()) })},
		{Name: "gzip-bomb-twice", Want: Verdict{"too_large", "decode", "ok"}, Doc: "a few hundred bytes that decode to 70 KB, and those to 72 MiB (CVE-2022-32206)",
			raw: encoded("gzip, gzip", func() []byte { return compress(bomb()) })},
		{Name: "gzip-x", Want: Verdict{"ok", "decode"}, Doc: "x-gzip is gzip (RFC 9110 §8.4.1.3)",
			raw: encoded("x-gzip", plainGzip)},
		{Name: "gzip-file", Want: ok, Doc: "a gzip file, not a coding: must stay as it is",
			raw: encoded("", plainGzip)},
		{Name: "encoding-identity", Want: ok, Doc: "Content-Encoding: identity (RFC 9110 §8.4)",
			raw: encoded("identity", func() []byte { return []byte(fifty) })},
		{Name: "deflate-unasked", Want: undecoded, Doc: "deflate, which the client did not ask for (RFC 9110 §12.5.3)",
			raw: encoded("deflate", plainDeflate)},
		{Name: "br-unasked", Want: undecoded, Doc: "br, which the client did not ask for (RFC 9110 §12.5.3)",
			raw: encoded("br", func() []byte { return []byte("\x0b\x02\x80hello\x03") })},
		{Name: "encoding-unknown", Want: undecoded, Doc: "a coding that nobody knows (RFC 9110 §8.4)",
			raw: encoded("rot13", func() []byte { return []byte("uryyb\n") })},
	}
}

// encoded returns a raw behaviour that sends what body gives, with a right
// Content-Length and the named coding.
func encoded(coding string, body func() []byte) func(*exchange) ending {
	return func(x *exchange) ending {
		b := body()
		field := ""
		if coding != "" {
			field = "Content-Encoding: " + coding + "\r\n"
		}
		x.last(fmt.Sprintf("%sContent-Type: application/octet-stream\r\n%sContent-Length: %d\r\n\r\n%s", statusLine, field, len(b), b))
		return keep
	}
}

func gzipChunked(x *exchange) ending {
	b := plainGzip()
	x.send(statusLine + "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
	for len(b) > 0 {
		n := min(len(b), 100)
		x.send(fmt.Sprintf("%x\r\n%s\r\n", n, b[:n]))
		b = b[n:]
	}
	x.last("0\r\n\r\n")
	return keep
}

func gzipShort(x *exchange) ending {
	b := plainGzip()
	x.last(fmt.Sprintf("%sContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", statusLine, len(b), b[:len(b)/2]))
	return shut
}

// plainGzip returns a gzip of text that does not compress to next to nothing.
func plainGzip() []byte {
	raw, _ := io.ReadAll(Content("gzip", 1000)) // cannot fail
	return compress(fmt.Appendf(nil, "%x", raw))
}

func compress(b []byte) []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, _ = w.Write(b) // a bytes.Buffer never fails
	_ = w.Close()
	return buf.Bytes()
}

// plainDeflate is what RFC 9110 §8.4.1.2 calls deflate: the zlib format.
func plainDeflate() []byte {
	var buf bytes.Buffer
	w := zlib.NewWriter(&buf)
	_, _ = io.WriteString(w, strings.Repeat(fifty, 10))
	_ = w.Close()
	return buf.Bytes()
}

// bomb is one gzip member of 72 MiB of zeros. Its deflate stream repeats a
// block that was flushed to a byte boundary (RFC 1951 §3.2.4) and refers to
// nothing before it, which is cheaper than to compress it all.
var bomb = sync.OnceValue(func() []byte {
	const blocks = 72
	zeros := make([]byte, 1<<20)
	var block bytes.Buffer
	w, _ := flate.NewWriter(&block, flate.BestCompression) // fails only at an unknown level
	_, _ = w.Write(zeros)
	_ = w.Flush()

	sum := crc32.NewIEEE()
	for range blocks {
		_, _ = sum.Write(zeros)
	}
	member := []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")
	member = append(member, bytes.Repeat(block.Bytes(), blocks)...)
	member = append(member, 3, 0) // the final block, empty
	member = binary.LittleEndian.AppendUint32(member, sum.Sum32())
	return binary.LittleEndian.AppendUint32(member, blocks<<20)
})
