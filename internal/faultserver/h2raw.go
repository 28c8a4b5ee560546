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
