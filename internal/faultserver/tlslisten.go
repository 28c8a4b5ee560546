package faultserver

import (
	"crypto/tls"
	"io"
	"time"
)

// handshakeLimit bounds what a client that never finishes its handshake costs.
const handshakeLimit = 30 * time.Second

const (
	plaintextAnswer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 12\r\nConnection: close\r\n\r\nspeak http\r\n"

	// handshakeFailure is a TLS record of type alert (21), level fatal (2),
	// description handshake_failure (40): RFC 8446 §6.2.
	handshakeFailure = "\x15\x03\x03\x00\x02\x02\x28"
)

// config returns settings of a TLS listener that shows cert and offers protos,
// or http/1.1 alone.
func (c *certificates) config(cert tls.Certificate, protos ...string) *tls.Config {
	if len(protos) == 0 {
		protos = []string{"http/1.1"}
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: protos, MinVersion: tls.VersionTLS12}
}

// clientConfig asks for a certificate that our authority signed.
func (c *certificates) clientConfig() *tls.Config {
	cfg := c.config(c.good)
	cfg.ClientAuth = tls.RequireAndVerifyClientCert
	cfg.ClientCAs = c.caPool
	return cfg
}

// oldConfig speaks the versions that RFC 8996 retired, and no other.
func (c *certificates) oldConfig() *tls.Config {
	cfg := c.config(c.good)
	cfg.MinVersion = tls.VersionTLS10
	cfg.MaxVersion = tls.VersionTLS11
	return cfg
}

// serveTLS does the handshake and goes on in the protocol that it chose.
func (s *Server) serveTLS(k *link) {
	conn, ok := handshake(k)
	switch {
	case !ok:
		k.Close()
	case conn.ConnectionState().NegotiatedProtocol == "h2":
		s.h2.take(conn)
	default:
		s.converse(k, conn)
	}
}

func handshake(k *link) (*tls.Conn, bool) {
	conn := tls.Server(k, k.origin.tls)
	_ = conn.SetDeadline(time.Now().Add(handshakeLimit)) // fails only on a closed connection
	if err := conn.Handshake(); err != nil {
		return nil, false
	}
	_ = conn.SetDeadline(time.Time{})
	return conn, true
}

// sayOnTLS returns a server that answers the ClientHello with text and closes.
// It waits for the client to close first, so that our FIN cannot become a RST
// that overtakes the text.
func sayOnTLS(text string) func(*Server, *link) {
	return func(_ *Server, k *link) {
		defer k.Close()
		hello := make([]byte, 16<<10)
		if _, err := k.Read(hello); err != nil {
			return
		}
		_, _ = io.WriteString(k, text)
		k.linger()
	}
}

// linger ends our half of the connection and reads what the client still
// sends, for up to a second: to close with unread bytes sends a RST, which
// makes the client lose what we said (RFC 9112 §9.6).
func (k *link) linger() {
	_ = k.CloseWrite()
	_ = k.SetReadDeadline(time.Now().Add(time.Second))
	_, _ = io.Copy(io.Discard, k)
}
