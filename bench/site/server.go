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
	plain, tls, http2, slow int // ports; slow is plain
	http                    http.Server
	connections             atomic.Int64
	requests                atomic.Int64
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
	for _, kib := range Middling {
		mux.HandleFunc(fmt.Sprintf("/kib/%d/", kib), func(w http.ResponseWriter, r *http.Request) {
			http.ServeFile(w, r, filepath.Join(www, fmt.Sprint("kib", kib)))
		})
	}
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
	s.http.TLSConfig = &tls.Config{
		NextProtos: []string{"h2"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return certs.byHost[hello.Conn.LocalAddr().(*net.TCPAddr).IP.String()], nil
		},
	}
	secure := s.http.TLSConfig.Clone()
	secure.NextProtos = nil
	for _, of := range []struct {
		port  *int
		serve func(net.Listener) error // ends with close
	}{
		{&s.plain, s.http.Serve},
		{&s.tls, func(l net.Listener) error { return s.http.Serve(tls.NewListener(l, secure)) }},
		{&s.http2, func(l net.Listener) error { return s.http.ServeTLS(l, "", "") }},
	} {
		l, err := listen()
		if err != nil {
			return nil, errors.Join(err, s.http.Close())
		}
		*of.port = l.Addr().(*net.TCPAddr).Port
		go of.serve(l)
	}
	s.slow = s.plain
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
