package faultserver

import (
	"strings"

	"golang.org/x/net/http2"
)

// flood is how many frames a flood has. It is bounded: a client that bears it
// gets its answer (RFC 9113 §10.5 allows it to give up).
const flood = 3_000

// h2Floods are frames that cost the client more than the server.
func h2Floods() []Behaviour {
	borne := Verdict{"ok", "bad_response", "reset"}
	return onH2([]Behaviour{
		{Name: "h2-settings-flood", Want: borne, Doc: "3,000 SETTINGS, each to be acknowledged, then 200 (RFC 9113 §10.5)", h2: func(st *h2Stream) {
			st.repeat(flood, func() error { return st.fr.WriteSettings() })
			st.reply("200", fifty)
		}},
		{Name: "h2-ping-flood", Want: borne, Doc: "3,000 PINGs, each to be answered, then 200 (RFC 9113 §10.5)", h2: func(st *h2Stream) {
			st.repeat(flood, func() error { return st.fr.WritePing(false, [8]byte{'f'}) })
			st.reply("200", fifty)
		}},
		{Name: "h2-empty-data-flood", Want: borne, Doc: "3,000 empty DATA frames, then the body (RFC 9113 §10.5)", h2: func(st *h2Stream) {
			st.head(false, ":status", "200")
			st.repeat(flood, func() error { return st.fr.WriteData(st.id, false, nil) })
			st.data(true, fifty)
		}},
		{Name: "h2-interim-flood", Want: Verdict{"bad_response", "too_large", "reset"}, Doc: "10,000 interim answers, together beyond the client's header limit", h2: func(st *h2Stream) {
			st.repeat(10_000, func() error { return st.headers(false, []string{":status", "103", "link", "</a.css>; rel=preload"}) })
			st.reply("200", fifty)
		}},
		{Name: "h2-continuation-flood", Want: Verdict{"bad_response", "too_large", "reset"}, Doc: "a header block of up to 16 MiB in CONTINUATIONs that never ends it (CVE-2023-45288)", h2: continuationFlood},
	})
}

// repeat writes n frames, and stops when the client has gone.
func (st *h2Stream) repeat(n int, frame func() error) {
	for range n {
		failed := false
		st.write(func() error { err := frame(); failed = err != nil; return err })
		if failed {
			return
		}
	}
}

// continuationFlood sends literal fields without indexing, RFC 7541 §6.2.2.
func continuationFlood(st *h2Stream) {
	const value = 100
	field := "\x00\x01f" + string(rune(value)) + strings.Repeat("x", value)
	block := strings.Repeat(field, fragment/len(field))
	st.raw(http2.FrameHeaders, 0, st.id, "\x88")
	st.repeat(16<<20/len(block), func() error {
		return st.fr.WriteContinuation(st.id, false, []byte(block))
	})
	st.wait()
}
