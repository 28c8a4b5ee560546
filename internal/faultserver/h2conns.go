package faultserver

import (
	"io"

	"golang.org/x/net/http2"
)

// h2Connections are answers that break the whole connection (RFC 9113 §5.4.1).
func h2Connections() []Behaviour {
	bad, reset := Verdict{"bad_response", "reset"}, Verdict{"reset", "bad_response"}
	return onH2([]Behaviour{
		{Name: "h2-goaway", Want: reset, Doc: "GOAWAY to every request, none of them processed: may be sent again, but not without end (RFC 9113 §6.8)", h2: func(st *h2Stream) {
			st.goAway(0, http2.ErrCodeNo)
		}},
		{Name: "h2-goaway-calm", Want: reset, Doc: "GOAWAY(ENHANCE_YOUR_CALM) and close, with the request in process (RFC 9113 §6.8)", h2: func(st *h2Stream) {
			st.goAway(st.id, http2.ErrCodeEnhanceYourCalm)
			st.conn.Close()
		}},
		{Name: "h2-goaway-after", Want: Verdict{"ok"}, Doc: "a whole answer, then GOAWAY (RFC 9113 §6.8)", h2: func(st *h2Stream) {
			st.reply("200", fifty)
			st.goAway(st.id, http2.ErrCodeNo)
		}},
		{Name: "h2-goaway-in-body", Want: Verdict{"ok"}, Doc: "GOAWAY in the middle of an answer, which goes on to its end (RFC 9113 §6.8)", h2: func(st *h2Stream) {
			st.head(false, ":status", "200", "content-length", "100")
			st.data(false, fifty)
			st.goAway(st.id, http2.ErrCodeNo)
			st.data(true, fifty)
		}},
		{Name: "h2-close-in-body", Want: Verdict{"short_body", "reset"}, Doc: "the connection is closed after half of the body", h2: func(st *h2Stream) {
			st.head(false, ":status", "200", "content-length", "100")
			st.data(false, fifty)
			st.visit.end()
			st.conn.Close()
		}},
		{Name: "h2-reset-in-body", Want: Verdict{"reset", "short_body"}, Doc: "RST of the connection after half of the body", h2: func(st *h2Stream) {
			st.head(false, ":status", "200", "content-length", "100")
			st.data(false, fifty)
			st.visit.end()
			st.link.abort()
		}},
		{Name: "h2-http1", Want: bad, Doc: "an HTTP/1.1 answer on an HTTP/2 connection (RFC 9113 §4.1)", h2: func(st *h2Stream) {
			st.visit.end()
			st.write(func() error { _, err := io.WriteString(st.conn, plaintextAnswer); return err })
		}},
		{Name: "h2-frame-too-large", Want: bad, Doc: "a frame of 16 MiB (RFC 9113 §4.2)", h2: func(st *h2Stream) {
			st.visit.end()
			st.write(func() error {
				_, err := io.WriteString(st.conn, "\xff\xff\xff\x00\x00\x00\x00\x00\x01"+fifty)
				return err
			})
		}},
		{Name: "h2-hpack-garbage", Want: bad, Doc: "a header block that does not decode (RFC 9113 §4.3)", h2: func(st *h2Stream) {
			st.visit.end()
			st.raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders, st.id, "\xff\xff\xff\xff\xff\xff\xff\xff")
		}},
		{Name: "h2-push", Want: bad, Doc: "PUSH_PROMISE that the client forbade (RFC 9113 §8.4)", h2: func(st *h2Stream) {
			st.visit.end()
			st.raw(http2.FramePushPromise, http2.FlagPushPromiseEndHeaders, st.id, "\x00\x00\x00\x02\x82")
			st.reply("200", fifty)
		}},
		{Name: "h2-idle-stream", Want: bad, Doc: "DATA on a stream that nobody opened (RFC 9113 §5.1)", h2: func(st *h2Stream) {
			st.visit.end()
			st.raw(http2.FrameData, 0, 1<<20+1, fifty)
			st.reply("200", fifty)
		}},
		{Name: "h2-window-overflow", Want: bad, Doc: "a window beyond 2^31-1 (RFC 9113 §6.9.1)", h2: func(st *h2Stream) {
			st.visit.end()
			st.write(
				func() error { return st.fr.WriteWindowUpdate(0, 1<<31-1) },
				func() error { return st.fr.WriteWindowUpdate(0, 1<<31-1) },
			)
			st.reply("200", fifty)
		}},
		{Name: "h2-frame-size-0", Want: bad, Doc: "SETTINGS_MAX_FRAME_SIZE 0 (RFC 9113 §6.5.2; CVE-2026-33814)", h2: func(st *h2Stream) {
			st.visit.end()
			st.write(func() error {
				return st.fr.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 0})
			})
			st.reply("200", fifty)
		}},
		{Name: "h2-no-streams", Want: Verdict{"ok", "timeout_read", "timeout_total", "reset"}, Doc: "SETTINGS_MAX_CONCURRENT_STREAMS 0, and a GOAWAY to the request that was there: no other may follow (RFC 9113 §5.1.2)", h2: func(st *h2Stream) {
			st.write(func() error {
				return st.fr.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 0})
			})
			st.rst(http2.ErrCodeRefusedStream)
		}},
		{Name: "h2-window-0", Method: "POST", BodySize: 1 << 20, Want: Verdict{"timeout_read", "timeout_total", "reset"}, Doc: "SETTINGS_INITIAL_WINDOW_SIZE 0 in the middle of the request's body (RFC 9113 §6.9.2)", h2: func(st *h2Stream) {
			st.write(func() error {
				return st.fr.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
			})
			st.wait()
		}},
		{Name: "h2-window-update-0", Want: bad, Doc: "WINDOW_UPDATE of 0 (RFC 9113 §6.9)", h2: func(st *h2Stream) {
			st.visit.end()
			st.raw(http2.FrameWindowUpdate, 0, 0, "\x00\x00\x00\x00")
			st.reply("200", fifty)
		}},
		{Name: "h2-interleaved", Want: bad, Doc: "another frame between HEADERS and CONTINUATION (RFC 9113 §6.10)", h2: func(st *h2Stream) {
			st.visit.end()
			st.raw(http2.FrameHeaders, 0, st.id, "\x88")
			st.raw(http2.FrameData, http2.FlagDataEndStream, st.id, fifty)
		}},
	})
}
