package site

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"
)

// slowly is how long /slow/ takes for an answer.
const slowly = 100 * time.Millisecond

// server is the site as net/http serves it.
type server struct {
	plain, tls, slow int // ports; slow is plain
	http             http.Server
	connections      atomic.Int64
	requests         atomic.Int64
}

func newServer(c Config, certs *certificates) (*server, error) {
	s := &server{}
	www := filepath.Join(c.Dir, "www")
	mux := http.NewServeMux()
	small := func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, filepath.Join(www, "small")) }
	mux.HandleFunc("/small/", small)
	mux.HandleFunc("/slow/", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(slowly)
		io.WriteString(w, "late\n")
	})
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, filepath.Join(www, "big")) })
	mux.HandleFunc("/status", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "server accepts handled requests\n %d %d %d\n", s.connections.Load(), s.connections.Load(), s.requests.Load())
	})
	s.http = http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.requests.Add(1)
			mux.ServeHTTP(w, r)
		}),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				s.connections.Add(1)
			}
		},
		ErrorLog: log.New(io.Discard, "", 0), // clients that stop in the middle are no news
	}
	plain, err := listen()
	if err != nil {
		return nil, err
	}
	secure, err := listen()
	if err != nil {
		return nil, errors.Join(err, plain.Close())
	}
	s.plain, s.tls = plain.Addr().(*net.TCPAddr).Port, secure.Addr().(*net.TCPAddr).Port
	s.slow = s.plain
	config := &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		return certs.byHost[hello.Conn.LocalAddr().(*net.TCPAddr).IP.String()], nil
	}}
	go s.http.Serve(plain) // both end with close
	go s.http.Serve(tls.NewListener(secure, config))
	return s, nil
}

func (s *server) close() { s.http.Close() }

// local accepts connections from this machine and drops all others.
type local struct{ net.Listener }

func listen() (net.Listener, error) {
	l, err := net.Listen("tcp4", ":0")
	return local{l}, err
}

func (l local) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || c.RemoteAddr().(*net.TCPAddr).IP.IsLoopback() {
			return c, err
		}
		c.Close()
	}
}
