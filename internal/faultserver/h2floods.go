package faultserver

import (
	"strings"
	"time"

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
		{Name: "h2-settings-endless", Want: Verdict{"timeout_read", "bad_response", "reset"}, Doc: "SETTINGS without end and no answer: they are no progress (RFC 9113 §10.5)", h2: func(st *h2Stream) {
			st.without(func() error { return st.fr.WriteSettings() })
		}},
		{Name: "h2-ping-endless", Want: Verdict{"timeout_read", "bad_response", "reset"}, Doc: "PINGs without end and no answer: they are no progress (RFC 9113 §10.5)", h2: func(st *h2Stream) {
			st.without(func() error { return st.fr.WritePing(false, [8]byte{'f'}) })
		}},
		{Name: "h2-empty-data-endless", Want: Verdict{"timeout_read", "bad_response", "reset"}, Doc: "empty DATA frames without end: they are no body (RFC 9113 §10.5)", h2: func(st *h2Stream) {
			st.head(false, ":status", "200")
			st.without(func() error { return st.fr.WriteData(st.id, false, nil) })
		}},
		{Name: "h2-priority-endless", Want: Verdict{"timeout_read", "bad_response", "reset"}, Doc: "PRIORITY frames of streams that are not there, without end (RFC 9113 §10.5)", h2: func(st *h2Stream) {
			st.without(func() error { return st.fr.WritePriority(st.id+1000, http2.PriorityParam{Weight: 1}) })
		}},
		{Name: "h2-rst-endless", Want: Verdict{"timeout_read", "bad_response", "reset"}, Doc: "RST_STREAMs of a stream that is long gone, without end (RFC 9113 §5.1)", h2: func(st *h2Stream) {
			st.rst(http2.ErrCodeRefusedStream)
			st.without(func() error { return st.fr.WriteRSTStream(st.id, http2.ErrCodeRefusedStream) })
		}},
		{Name: "h2-goaway-flood", Want: Verdict{"ok", "bad_response", "reset"}, Doc: "3,000 GOAWAYs that spare the request, then 200 (RFC 9113 §6.8)", h2: func(st *h2Stream) {
			st.repeat(flood, func() error { return st.fr.WriteGoAway(st.id, http2.ErrCodeNo, []byte(fifty)) })
			st.reply("200", fifty)
		}},
		{Name: "h2-hpack-bomb", Want: Verdict{"bad_response", "too_large", "reset"}, Doc: "a field of 4 KB in the table and 16,000 references to it: 64 MB of header in 16 KiB (RFC 7541 §7.3)", h2: hpackBomb},
		{Name: "h2-trailer-huge", Want: Verdict{"bad_response", "too_large", "reset"}, Doc: "trailers of 1 MiB, beyond the client's limit (RFC 9113 §10.5.1)", h2: func(st *h2Stream) {
			st.head(false, ":status", "200")
			st.data(false, fifty)
			st.visit.end()
			st.head(true, "x-fill", strings.Repeat("\xff", 1<<20))
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

// without writes frames until the client has gone, and no answer. It is paced:
// what is tested is how long a client listens.
func (st *h2Stream) without(frame func() error) {
	for {
		st.repeat(100, frame)
		select {
		case <-st.done:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// hpackBomb puts a field into the dynamic table (RFC 7541 §6.2.1) and refers to
// it, its index being the first one, 62.
func hpackBomb(st *h2Stream) {
	st.visit.end()
	const size = 4000 // with its 32 bytes of overhead within the table's 4,096
	field := "\x40\x01f\x7f" + string([]byte{(size-127)%128 | 128, (size - 127) / 128}) + strings.Repeat("x", size)
	block := "\x88" + field + strings.Repeat("\xbe", fragment-len(field)-1)
	st.raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders, st.id, block)
	st.data(true, fifty)
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
