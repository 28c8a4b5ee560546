package faultserver

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Config sets up a Server. The zero value gives every listener that the
// behaviours of the table need.
type Config struct {
	// Origins is the number of further plain listeners, named "origin1" and
	// so on. They behave as "plain" does and are counted apart.
	Origins int

	// LogLimit is how many requests Log keeps; 0 means 10,000. Counts, rates
	// and high-water marks go on beyond it.
	LogLimit int
}

// Server is a running set of listeners. Its methods are safe for concurrent
// use. The one who started it must Close it.
type Server struct {
	cfg       Config
	certs     *certificates
	listeners map[string]*listener // not changed once Start has returned
	refused   *refusedPort
	h2        *http2Server
	stats     *stats
	state     *state

	ctx    context.Context // ended by Close: all waits of answers select on it
	cancel context.CancelFunc
	wg     sync.WaitGroup // accept loops, connections and HTTP/2 handlers; Close waits for them

	mu     sync.Mutex // guards closed and links
	closed bool
	links  map[*link]struct{} // connections that are open
}

// Start opens all listeners on ports that the system chooses.
func Start(cfg Config) (*Server, error) {
	if cfg.LogLimit == 0 {
		cfg.LogLimit = 10_000
	}
	certs, err := newCertificates()
	if err != nil {
		return nil, fmt.Errorf("make certificates: %w", err)
	}
	s := &Server{
		cfg:       cfg,
		certs:     certs,
		listeners: make(map[string]*listener),
		stats:     newStats(cfg.LogLimit),
		state:     newState(),
		links:     make(map[*link]struct{}),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.h2 = newHTTP2Server(s)
	s.wg.Go(s.h2.serve)
	for _, l := range s.plan() {
		if err := s.listen(l); err != nil {
			s.Close()
			return nil, err
		}
	}
	if s.refused, err = newRefusedPort(); err != nil {
		s.Close()
		return nil, fmt.Errorf("reserve a refused port: %w", err)
	}
	return s, nil
}

// plan lists the listeners to open.
func (s *Server) plan() []*listener {
	plain := (*Server).serveHTTP1
	secure := (*Server).serveTLS
	all := []*listener{
		{name: Plain, scheme: "http", serve: plain},
		{name: Silent, scheme: "http", serve: (*Server).serveSilent},
		{name: Closing, scheme: "http", serve: (*Server).serveClosing},
		{name: TLS, scheme: "https", tls: s.certs.config(s.certs.good), serve: secure},
		{name: H2, scheme: "https", tls: s.certs.config(s.certs.good, "h2", "http/1.1"), serve: secure},
		{name: H2Raw, scheme: "https", tls: s.certs.config(s.certs.good, "h2"), serve: (*Server).serveRawH2},
		{name: TLSExpired, scheme: "https", tls: s.certs.config(s.certs.expired), serve: secure},
		{name: TLSNotYetValid, scheme: "https", tls: s.certs.config(s.certs.notYetValid), serve: secure},
		{name: TLSSelfSigned, scheme: "https", tls: s.certs.config(s.certs.selfSigned), serve: secure},
		{name: TLSWrongHost, scheme: "https", tls: s.certs.config(s.certs.wrongHost), serve: secure},
		{name: TLSUntrusted, scheme: "https", tls: s.certs.config(s.certs.untrusted), serve: secure},
		{name: TLSClientCert, scheme: "https", tls: s.certs.clientConfig(), serve: secure},
		{name: TLSOld, scheme: "https", tls: s.certs.oldConfig(), serve: secure},
		{name: TLSGarbage, scheme: "https", serve: sayOnTLS("this is not a TLS record, nor anything else\r\n")},
		{name: TLSPlaintext, scheme: "https", serve: sayOnTLS(plaintextAnswer)},
		{name: TLSAlert, scheme: "https", serve: sayOnTLS(handshakeFailure)},
		{name: TLSClose, scheme: "https", serve: sayOnTLS("")},
		{name: TLSStall, scheme: "https", serve: (*Server).serveSilent},
	}
	for i := range s.cfg.Origins {
		all = append(all, &listener{name: fmt.Sprintf("origin%d", i+1), scheme: "http", serve: plain})
	}
	return all
}

// Close stops all listeners, breaks all connections, and waits until nothing
// of the Server runs. It may be called more than once.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	open := make([]*link, 0, len(s.links))
	for k := range s.links {
		open = append(open, k)
	}
	s.mu.Unlock()

	s.cancel()
	for _, l := range s.listeners {
		l.socket.Close()
	}
	for _, k := range open {
		k.abort() // a FIN would make a body without a length look whole
	}
	s.h2.close()
	if s.refused != nil {
		s.refused.close()
	}
	s.wg.Wait()
}

// Addr returns the host:port of a listener. It panics for a name that is not
// one of this Server's, which is a mistake in the test.
func (s *Server) Addr(listener string) string {
	if listener == Refused {
		return s.refused.addr
	}
	return s.find(listener).socket.Addr().String()
}

// Listeners returns the names of all listeners, Refused included, in order.
func (s *Server) Listeners() []string {
	return slices.Sorted(maps.Keys(s.urls()))
}

// urls returns the base URL of each listener.
func (s *Server) urls() map[string]string {
	urls := map[string]string{Refused: s.URL(Refused, "")}
	for name := range s.listeners {
		urls[name] = s.URL(name, "")
	}
	return urls
}

// URL returns the address of path on a listener; path begins with a slash.
func (s *Server) URL(listener, path string) string {
	scheme := "http"
	if listener != Refused {
		scheme = s.find(listener).scheme
	}
	return scheme + "://" + s.Addr(listener) + path
}

// expand turns "@name/path" into the URL of path on the listener called name,
// and leaves every other target as it is.
func (s *Server) expand(target string) (string, error) {
	rest, ok := strings.CutPrefix(target, "@")
	if !ok {
		return target, nil
	}
	name, path, _ := strings.Cut(rest, "/")
	if _, ok := s.listeners[name]; !ok && name != Refused {
		return "", fmt.Errorf("no listener %q", name)
	}
	return s.URL(name, "/"+path), nil
}

func (s *Server) find(name string) *listener {
	l, ok := s.listeners[name]
	if !ok {
		panic(fmt.Sprintf("faultserver: no listener %q", name))
	}
	return l
}

// CAPEM returns the certificate, in PEM, of the authority that signed the
// certificates of the good listeners.
func (s *Server) CAPEM() []byte { return s.certs.caPEM }

// ClientCertPEM returns a certificate and its key, in PEM, that the listener
// TLSClientCert accepts.
func (s *Server) ClientCertPEM() (cert, key []byte) {
	return s.certs.clientCertPEM, s.certs.clientKeyPEM
}

// ServerTLS returns the settings of a server whose certificate ClientTLS accepts.
func (s *Server) ServerTLS() *tls.Config { return s.certs.config(s.certs.good) }

// ClientTLS returns settings, the caller's to change, of a client that trusts
// the certificates of the good listeners.
func (s *Server) ClientTLS() *tls.Config {
	return &tls.Config{RootCAs: s.certs.caPool, MinVersion: tls.VersionTLS12}
}
