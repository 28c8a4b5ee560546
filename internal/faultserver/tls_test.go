package faultserver

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestCertificatesAreWrongInTheirOwnWay(t *testing.T) {
	s := start(t, Config{})
	for listener, isRight := range map[string]func(error) bool{
		TLS:   func(err error) bool { return err == nil },
		H2:    func(err error) bool { return err == nil },
		H2Raw: func(err error) bool { return err == nil },
		TLSExpired: func(err error) bool {
			e, ok := errors.AsType[x509.CertificateInvalidError](err)
			return ok && e.Reason == x509.Expired && time.Now().After(e.Cert.NotAfter)
		},
		TLSNotYetValid: func(err error) bool {
			e, ok := errors.AsType[x509.CertificateInvalidError](err)
			return ok && e.Reason == x509.Expired && time.Now().Before(e.Cert.NotBefore)
		},
		TLSSelfSigned: func(err error) bool {
			e, ok := errors.AsType[x509.UnknownAuthorityError](err)
			return ok && e.Cert.Issuer.String() == e.Cert.Subject.String()
		},
		TLSUntrusted: func(err error) bool {
			e, ok := errors.AsType[x509.UnknownAuthorityError](err)
			return ok && e.Cert.Issuer.String() != e.Cert.Subject.String()
		},
		TLSWrongHost: func(err error) bool {
			_, ok := errors.AsType[x509.HostnameError](err)
			return ok
		},
		TLSOld:     func(err error) bool { return err != nil && strings.Contains(err.Error(), "protocol version") },
		TLSAlert:   func(err error) bool { return err != nil && strings.Contains(err.Error(), "handshake failure") },
		TLSClose:   func(err error) bool { return errors.Is(err, io.EOF) },
		TLSGarbage: isNoRecord("this "),
		TLSPlaintext: func(err error) bool {
			return isNoRecord("HTTP/")(err)
		},
	} {
		conn, err := tls.Dial("tcp", s.Addr(listener), s.ClientTLS())
		if err == nil {
			conn.Close()
		}
		if !isRight(err) {
			t.Errorf("%s: %v", listener, err)
		}
	}
}

func isNoRecord(begin string) func(error) bool {
	return func(err error) bool {
		e, ok := errors.AsType[tls.RecordHeaderError](err)
		return ok && string(e.RecordHeader[:]) == begin
	}
}

// get asks for path over conn and returns what came.
func get(conn net.Conn, path string) (string, error) {
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
	b, err := io.ReadAll(conn)
	return string(b), err
}

func TestClientCertificateIsAskedForAndTaken(t *testing.T) {
	s := start(t, Config{})
	pair, err := tls.X509KeyPair(s.ClientCertPEM())
	if err != nil {
		t.Fatal(err)
	}
	for _, certs := range [][]tls.Certificate{nil, {pair}} {
		cfg := s.ClientTLS()
		cfg.Certificates = certs
		conn, err := tls.Dial("tcp", s.Addr(TLSClientCert), cfg)
		if err != nil {
			t.Fatal(err) // in TLS 1.3 the refusal comes after the client's handshake
		}
		got, err := get(conn, "/close-after")
		conn.Close()
		if ok := err == nil && strings.HasPrefix(got, "HTTP/1.1 200 "); ok != (certs != nil) {
			t.Errorf("%d certificates: %q, %v", len(certs), got, err)
		}
	}
}

func TestOldTLSWorksForWhoStillSpeaksIt(t *testing.T) {
	s := start(t, Config{})
	cfg := s.ClientTLS()
	cfg.MinVersion, cfg.MaxVersion = tls.VersionTLS11, tls.VersionTLS11
	conn, err := tls.Dial("tcp", s.Addr(TLSOld), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got, err := get(conn, "/close-after"); err != nil || !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("%q, %v", got, err)
	}
}

func TestCloseNotifyIsSentWhereItShould(t *testing.T) {
	s := start(t, Config{})
	for path, want := range map[string]bool{"/close-delimited": true, "/tls-truncate": false, "/early-ok": true} {
		raw, err := net.Dial("tcp", s.Addr(TLS))
		if err != nil {
			t.Fatal(err)
		}
		var last recorder
		last.Conn = raw
		cfg := s.ClientTLS()
		cfg.ServerName = "localhost"
		conn := tls.Client(&last, cfg)
		head := "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"
		if path == "/early-ok" {
			head = "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf"
		}
		_, _ = io.WriteString(conn, head)
		if _, err := io.ReadAll(conn); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		conn.Close()
		if got := !last.eof; got != want {
			t.Errorf("%s: close_notify before the FIN: %v; want %v", path, got, want)
		}
	}
}

// recorder notes whether the reader had to see the connection's end.
type recorder struct {
	net.Conn
	eof bool
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.eof = r.eof || err == io.EOF
	return n, err
}
