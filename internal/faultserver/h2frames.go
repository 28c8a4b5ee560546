package faultserver

import (
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// fragment is how much of a header block goes into one frame: what every peer
// must take (RFC 9113 §6.5.2).
const fragment = 16 << 10

// write runs one or more writes of frames without another between them. A
// failure is the client's going away, which read finds out.
func (h *h2Conn) write(frames ...func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, frame := range frames {
		if frame() != nil {
			return
		}
	}
}

// head writes a header block: pairs of names and values.
func (st *h2Stream) head(end bool, pairs ...string) {
	st.write(func() error { return st.headers(end, pairs) })
}

// headers is head with mu held.
func (st *h2Stream) headers(end bool, pairs []string) error {
	st.block.Reset()
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := st.enc.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]}); err != nil {
			return err
		}
	}
	rest := st.block.Bytes()
	first := rest[:min(fragment, len(rest))]
	rest = rest[len(first):]
	err := st.fr.WriteHeaders(http2.HeadersFrameParam{
		StreamID: st.id, BlockFragment: first, EndStream: end, EndHeaders: len(rest) == 0,
	})
	for err == nil && len(rest) > 0 {
		part := rest[:min(fragment, len(rest))]
		rest = rest[len(part):]
		err = st.fr.WriteContinuation(st.id, len(rest) == 0, part)
	}
	return err
}

// data writes one DATA frame.
func (st *h2Stream) data(end bool, body string) {
	if end {
		st.visit.end()
	}
	st.write(func() error { return st.fr.WriteData(st.id, end, []byte(body)) })
}

// reply writes a whole answer.
func (st *h2Stream) reply(status, body string) {
	st.head(false, ":status", status, "content-type", "text/plain")
	st.data(true, body)
}

// rst ends the stream with an error.
func (st *h2Stream) rst(code http2.ErrCode) {
	st.visit.end()
	st.write(func() error { return st.fr.WriteRSTStream(st.id, code) })
}

// goAway says that no stream after last is served.
func (st *h2Stream) goAway(last uint32, code http2.ErrCode) {
	st.visit.end()
	st.write(func() error { return st.fr.WriteGoAway(last, code, nil) })
}

// wait returns when the client has gone.
func (st *h2Stream) wait() { <-st.done }

// raw writes one frame as it is given.
func (st *h2Stream) raw(kind http2.FrameType, flags http2.Flags, id uint32, payload string) {
	st.write(func() error { return st.fr.WriteRawFrame(kind, flags, id, []byte(payload)) })
}
