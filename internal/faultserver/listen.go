package faultserver

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// The names of the listeners. The plain ones beyond Plain are "origin1" and so
// on, as many as Config.Origins says.
const (
	Plain          = "plain"             // HTTP/1.1, every behaviour
	Silent         = "silent"            // accepts and never answers
	Closing        = "closing"           // accepts and closes at once
	Refused        = "refused"           // nobody listens there
	TLS            = "tls"               // HTTP/1.1 over TLS, every behaviour
	H2             = "h2"                // HTTP/2 (and HTTP/1.1) over TLS, well framed
	H2Raw          = "h2-raw"            // HTTP/2 over TLS, frame by frame, for the faults
	TLSExpired     = "tls-expired"       // certificate ended yesterday
	TLSNotYetValid = "tls-not-yet-valid" // certificate begins tomorrow
	TLSSelfSigned  = "tls-self-signed"   // certificate signed by itself
	TLSWrongHost   = "tls-wrong-host"    // certificate of another host
	TLSUntrusted   = "tls-untrusted"     // certificate of another authority
	TLSClientCert  = "tls-client-cert"   // asks for a client certificate
	TLSOld         = "tls-old"           // speaks nothing newer than TLS 1.1
	TLSGarbage     = "tls-garbage"       // answers the ClientHello with text
	TLSPlaintext   = "tls-plaintext"     // answers the ClientHello with plain HTTP
	TLSAlert       = "tls-alert"         // answers the ClientHello with a fatal alert
	TLSClose       = "tls-close"         // closes after the ClientHello
	TLSStall       = "tls-stall"         // never answers the ClientHello
)

// listener is one port, which a client sees as one origin.
type listener struct {
	name   string
	scheme string
	tls    *tls.Config // nil for ports without a TLS handshake of their own
	socket *net.TCPListener
	// serve answers one connection, and runs on the connection's goroutine.
	// It closes the connection, or hands it to one who does.
	serve func(*Server, *link)
}

func (s *Server) listen(l *listener) error {
	socket, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return fmt.Errorf("listen for %s: %w", l.name, err)
	}
	l.socket = socket
	s.listeners[l.name] = l
	s.wg.Go(func() { s.accept(l) })
	return nil
}

// accept runs until the listener is closed. A passing failure (no descriptor
// left, a connection that was reset in the queue) must not end it.
func (s *Server) accept(l *listener) {
	for {
		conn, err := l.socket.AcceptTCP()
		switch {
		case err == nil:
			if k := s.adopt(l, conn); k != nil {
				s.wg.Go(func() { l.serve(s, k) })
			}
		case s.ctx.Err() != nil:
			return
		default:
			s.pause(10 * time.Millisecond)
		}
	}
}

// link is an accepted connection. Close may be called from anywhere, more than
// once.
type link struct {
	*net.TCPConn
	id      int // from 1, over all listeners
	origin  *listener
	once    sync.Once
	release func()
}

// adopt makes conn known to Close and to the counts. It returns nil, with conn
// closed, when the Server is closing.
func (s *Server) adopt(l *listener, conn *net.TCPConn) *link {
	k := &link{TCPConn: conn, origin: l}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		conn.Close()
		return nil
	}
	s.links[k] = struct{}{}
	k.id = s.stats.connect(l.name)
	k.release = func() {
		s.mu.Lock()
		delete(s.links, k)
		s.mu.Unlock()
		s.stats.disconnect(l.name)
	}
	return k
}

// Close ends the connection with a FIN, unless unread bytes make it a RST.
func (k *link) Close() error {
	k.once.Do(k.release)
	return k.TCPConn.Close()
}

// abort ends the connection with a RST: what is still to be sent is dropped.
func (k *link) abort() {
	_ = k.SetLinger(0) // fails only on a connection that is closed already
	k.Close()
}

// serveSilent reads whatever comes and never answers.
func (s *Server) serveSilent(k *link) {
	defer k.Close()
	_, _ = io.Copy(io.Discard, k) // ends when the client or Close ends the connection
}

// serveClosing closes before anything was said.
func (s *Server) serveClosing(k *link) { k.Close() }

// pause waits for d, and reports false when the Server was closed meanwhile.
func (s *Server) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}
