package faultserver

import (
	"net/http"
	"strings"

	"golang.org/x/net/http2"
)

// windowStall is the path whose request bodies are given no window.
const windowStall = "h2-window-stall"

// onH2 fills in what the behaviours of the listener H2Raw share.
func onH2(behaviours []Behaviour) []Behaviour {
	for i := range behaviours {
		behaviours[i].Listener = H2Raw
	}
	return behaviours
}

// h2Streams are answers that go wrong within one stream (RFC 9113 §5, §8).
func h2Streams() []Behaviour {
	ok, bad, reset := Verdict{"ok"}, Verdict{"bad_response", "reset"}, Verdict{"reset"}
	return onH2([]Behaviour{
		{Name: "h2-raw-ok", Want: ok, Doc: "200 with two DATA frames", h2: func(st *h2Stream) {
			st.head(false, ":status", "200", "content-length", "100")
			st.data(false, fifty)
			st.data(true, fifty)
		}},
		{Name: "h2-padded", Want: ok, Doc: "padding is not body (RFC 9113 §6.1)", h2: func(st *h2Stream) {
			st.head(false, ":status", "200", "content-length", "50")
			st.visit.end()
			st.write(func() error { return st.fr.WriteDataPadded(st.id, true, []byte(fifty), make([]byte, 100)) })
		}},
		{Name: "h2-trailers", Want: ok, Doc: "fields after the body (RFC 9113 §8.1)", h2: func(st *h2Stream) {
			st.head(false, ":status", "200", "trailer", "x-sum")
			st.data(false, fifty)
			st.visit.end()
			st.head(true, "x-sum", "42")
		}},
		{Name: "h2-early-hints", Want: ok, Doc: "103 and then 200 (RFC 9113 §8.1)", h2: func(st *h2Stream) {
			st.head(false, ":status", "103", "link", "</a.css>; rel=preload")
			st.reply("200", fifty)
		}},
		{Name: "h2-misdirected", Want: Verdict{"421"}, Doc: "421 (RFC 9110 §15.5.20)", h2: func(st *h2Stream) { st.reply("421", "not here\n") }},
		{Name: "h2-rst-at-once", Want: reset, Doc: "RST_STREAM(INTERNAL_ERROR) instead of an answer (RFC 9113 §6.4)", h2: func(st *h2Stream) {
			st.rst(http2.ErrCodeInternal)
		}},
		{Name: "h2-rst-in-body", Want: reset, Doc: "RST_STREAM(INTERNAL_ERROR) after half of the body (RFC 9113 §6.4)", h2: func(st *h2Stream) {
			st.head(false, ":status", "200", "content-length", "100")
			st.data(false, fifty)
			st.rst(http2.ErrCodeInternal)
		}},
		{Name: "h2-rst-cancel", Want: reset, Doc: "RST_STREAM(CANCEL) in a body of no known length", h2: func(st *h2Stream) {
			st.head(false, ":status", "200")
			st.data(false, fifty)
			st.rst(http2.ErrCodeCancel)
		}},
		{Name: "h2-rst-no-error-in-body", Want: Verdict{"reset", "short_body"}, Doc: "RST_STREAM(NO_ERROR) in a body that had not ended (RFC 9113 §8.1)", h2: func(st *h2Stream) {
			st.head(false, ":status", "200")
			st.data(false, fifty)
			st.rst(http2.ErrCodeNo)
		}},
		{Name: "h2-early-ok", Method: http.MethodPost, BodySize: 1 << 20, Want: ok, Doc: "a whole answer and RST_STREAM(NO_ERROR) before the body was read (RFC 9113 §8.1)", h2: func(st *h2Stream) {
			st.reply("200", fifty)
			st.rst(http2.ErrCodeNo)
		}},
		{Name: "h2-refused", Want: Verdict{"reset", "timeout_read"}, Doc: "RST_STREAM(REFUSED_STREAM), always: may be sent again, but not without end (RFC 9113 §8.7)", h2: func(st *h2Stream) {
			st.rst(http2.ErrCodeRefusedStream)
		}},
		{Name: "h2-refused-once", Want: Verdict{"ok", "reset"}, Doc: "RST_STREAM(REFUSED_STREAM) to the first request, then 200 (RFC 9113 §8.7)", h2: func(st *h2Stream) {
			if st.h2Conn.server.state.visit(st.key()) == 1 {
				st.rst(http2.ErrCodeRefusedStream)
				return
			}
			st.reply("200", fifty)
		}},
		{Name: "h2-data-short", Want: Verdict{"short_body", "bad_response", "reset"}, Doc: "content-length 100 and 50 bytes: malformed (RFC 9113 §8.1.1)", h2: func(st *h2Stream) {
			st.head(false, ":status", "200", "content-length", "100")
			st.data(true, fifty)
		}},
		{Name: "h2-data-long", Want: bad, Doc: "content-length 5 and 50 bytes: malformed (RFC 9113 §8.1.1)", h2: func(st *h2Stream) {
			st.head(false, ":status", "200", "content-length", "5")
			st.data(true, fifty)
		}},
		{Name: "h2-no-status", Want: bad, Doc: "no :status: malformed (RFC 9113 §8.3.2)", h2: func(st *h2Stream) {
			st.head(false, "content-type", "text/plain")
			st.data(true, fifty)
		}},
		{Name: "h2-upper-case", Want: bad, Doc: "a field name in upper case: malformed (RFC 9113 §8.2.1)", h2: func(st *h2Stream) {
			st.head(false, ":status", "200", "X-Upper", "1")
			st.data(true, fifty)
		}},
		{Name: "h2-header-crlf", Want: bad, Doc: "CR LF in a value: malformed (RFC 9113 §8.2.1)", h2: func(st *h2Stream) {
			st.head(false, ":status", "200", "x-split", "a\r\nx-injected: b")
			st.data(true, fifty)
		}},
		{Name: "h2-header-huge", Want: Verdict{"bad_response", "too_large", "reset"}, Doc: "1 MiB of header, beyond the client's limit (RFC 9113 §10.5.1)", h2: func(st *h2Stream) {
			st.head(false, ":status", "200", "x-fill", strings.Repeat("\xff", 1<<20))
			st.data(true, fifty)
		}},
		{Name: "h2-never", Want: Verdict{"timeout_read"}, Doc: "the request is read and never answered", h2: func(st *h2Stream) { st.wait() }},
		{Name: "h2-body-stall", Want: Verdict{"timeout_read"}, Doc: "half of the body, and nothing more", h2: func(st *h2Stream) {
			st.head(false, ":status", "200", "content-length", "100")
			st.data(false, fifty)
			st.wait()
		}},
		{Name: windowStall, Method: http.MethodPost, BodySize: 1 << 20, Want: Verdict{"timeout_read", "timeout_total"}, Doc: "no window is given back: the request's body stalls after 64 KiB (RFC 9113 §5.2)", h2: func(st *h2Stream) { st.wait() }},
	})
}
