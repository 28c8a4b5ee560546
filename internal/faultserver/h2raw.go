package faultserver

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// fragment is how much of a header block goes into one frame: what every peer
// must take (RFC 9113 §6.5.2).
const fragment = 16 << 10

// h2Conn is an HTTP/2 connection of which the behaviours write each frame.
type h2Conn struct {
	server *Server
	link   *link
	conn   *tls.Conn
	done   chan struct{} // closed when the client can send nothing more

	mu    sync.Mutex // guards all below, and the order of frames
	fr    *http2.Framer
	enc   *hpack.Encoder
	block bytes.Buffer // where enc writes
}

// h2Stream is one request on an h2Conn.
type h2Stream struct {
	*h2Conn
	*request
	id      uint32
	visit   *visit
	starved bool // no window is given back for the request's body
}

// serveRawH2 answers one connection with the behaviours of h2Routes. Each
// stream has a goroutine, which is waited for here.
func (s *Server) serveRawH2(k *link) {
	defer k.Close()
	conn, ok := handshake(k)
	if !ok || conn.ConnectionState().NegotiatedProtocol != "h2" {
		return
	}
	h := &h2Conn{server: s, link: k, conn: conn, done: make(chan struct{}), fr: http2.NewFramer(conn, conn)}
	h.enc = hpack.NewEncoder(&h.block)
	h.fr.AllowIllegalWrites = true
	h.fr.ReadMetaHeaders = hpack.NewDecoder(4096, nil)

	var streams sync.WaitGroup
	defer streams.Wait()
	defer close(h.done)
	defer k.Close() // frees streams that are stuck in a write
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(conn, preface); err != nil || string(preface) != http2.ClientPreface {
		return
	}
	h.write(func() error { return h.fr.WriteSettings() })
	h.read(func(st *h2Stream) { streams.Go(st.serve) })
}

// read takes frames until the connection ends, and calls begin for each new
// stream.
func (h *h2Conn) read(begin func(*h2Stream)) {
	starved := make(map[uint32]bool)
	for {
		frame, err := h.fr.ReadFrame()
		if err != nil {
			if _, ok := errors.AsType[http2.StreamError](err); ok {
				continue
			}
			return
		}
		switch f := frame.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				h.write(h.fr.WriteSettingsAck)
			}
		case *http2.PingFrame:
			if !f.IsAck() {
				h.write(func() error { return h.fr.WritePing(true, f.Data) })
			}
		case *http2.MetaHeadersFrame:
			if st := h.stream(f); st != nil {
				starved[st.id] = st.starved
				begin(st)
			}
		case *http2.DataFrame:
			if n := f.Length; n > 0 && !starved[f.StreamID] {
				h.write(func() error { return h.fr.WriteWindowUpdate(0, n) })
				if !f.StreamEnded() {
					h.write(func() error { return h.fr.WriteWindowUpdate(f.StreamID, n) })
				}
			}
		}
	}
}

// stream makes a request of its header; nil for one that is none.
func (h *h2Conn) stream(f *http2.MetaHeadersFrame) *h2Stream {
	target, err := url.ParseRequestURI(f.PseudoValue("path"))
	if err != nil {
		return nil
	}
	r := &http.Request{
		Method: f.PseudoValue("method"), Host: f.PseudoValue("authority"), URL: target,
		Proto: "HTTP/2.0", ProtoMajor: 2, Header: make(http.Header),
	}
	for _, field := range f.RegularFields() {
		r.Header.Add(field.Name, field.Value)
	}
	req := h.server.newRequest(h.link.origin, r)
	return &h2Stream{h2Conn: h, request: req, id: f.StreamID, starved: req.name == windowStall}
}

func (st *h2Stream) serve() {
	st.visit = st.h2Conn.server.enter(st.link.id, st.request)
	defer st.visit.end()
	respond, ok := h2Routes()[st.name]
	if !ok {
		st.reply("404", "no such behaviour\n")
		return
	}
	respond(st)
}

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
