package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/task"
)

// The tests here hold the program to CONTRACT.md section 6 "Secrets", as far as
// credentials, TLS and the network are concerned, from outside.

// A certificate that does not hold ends the task: one connection, exit 4.
func TestCertificateIsAskedForOnce(t *testing.T) {
	server := serve(t, 0)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), server.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, listener := range []string{faultserver.TLSExpired, faultserver.TLSNotYetValid, faultserver.TLSSelfSigned, faultserver.TLSWrongHost, faultserver.TLSUntrusted} {
		o := batchIn(t, dir, nil, os.Args[0], []string{server.URL(listener, "/ok")}, "--cacert", "ca.pem", "--retry", "3", "--retry-delay", "10ms", "--retry-all-errors")
		if err := os.Remove(filepath.Join(dir, "out.ndjson")); err != nil {
			t.Fatal(err)
		}
		conns := server.Stats().Listeners[listener].Connections
		r := o.records[0]
		if o.status != 4 || r.Error == nil || r.Error.Type != task.ErrCertificate || r.Attempts != 1 || conns != 1 {
			t.Errorf("%s: exit %d, %d connections in %d attempts: %v", listener, o.status, conns, r.Attempts, r.Error)
		}
	}
}

// A run through every kind of proxy, with a client certificate, over kept
// connections: the proxy is asked for as many tunnels as there are jobs.
func TestBatchThroughProxies(t *testing.T) {
	server := serve(t, 0)
	dir := t.TempDir()
	certPEM, keyPEM := server.ClientCertPEM()
	for name, data := range map[string][]byte{"ca.pem": server.CAPEM(), "client.pem": slices.Concat(certPEM, keyPEM)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ scheme, listener string }{
		{"http", faultserver.Plain}, {"http", faultserver.TLSClientCert}, {"http", faultserver.H2},
		{"https", faultserver.Plain}, {"https", faultserver.TLSClientCert}, {"https", faultserver.H2},
		{"socks5", faultserver.Plain}, {"socks5h", faultserver.TLSClientCert}, {"socks5h", faultserver.H2},
	} {
		cfg := faultserver.ProxyConfig{User: "u", Password: "p"}
		if c.scheme == "https" {
			cfg.TLS = server.ServerTLS()
		}
		proxy, err := faultserver.StartProxy(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer proxy.Close()
		list := lines(200, server.URL(c.listener, "/ok?%d"))
		o := batchIn(t, dir, []string{"SSL_CERT_FILE=" + filepath.Join(dir, "ca.pem")}, os.Args[0], list,
			"--proxy", c.scheme+"://u:p@"+proxy.Addr(), "--cacert", "ca.pem", "--cert", "client.pem", "--jobs", "4", "--per-host", "4")
		if err := os.Remove(filepath.Join(dir, "out.ndjson")); err != nil {
			t.Fatal(err)
		}
		ok := o.tally(func(r *task.Record) bool { return r.Outcome == task.OK && r.Remote == proxy.Addr() })
		asked := len(proxy.Asked())
		t.Logf("%s proxy to %s: %d ok in %v, the proxy was asked %d times", c.scheme, c.listener, ok, o.took, asked)
		if ok != len(list) || o.status != 0 {
			t.Errorf("%s proxy to %s: %d ok, exit %d: %.500s", c.scheme, c.listener, ok, o.status, o.stderr)
		}
		if tunnels := c.listener != faultserver.Plain || strings.HasPrefix(c.scheme, "socks"); tunnels && asked > 8 {
			t.Errorf("%s proxy to %s: %d tunnels for 4 jobs", c.scheme, c.listener, asked)
		}
	}
}

// wiretap keeps everything that is posted to it.
type wiretap struct {
	mu  sync.Mutex // guards all
	all strings.Builder
}

func (w *wiretap) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _ = io.Copy(&w.all, req.Body)
}

// Passwords and tokens do not leave but to whom they are for: not in records,
// messages, spans, or errors, in the clear or as Basic has them.
func TestSecretsStayInside(t *testing.T) {
	server := serve(t, 1)
	tap := &wiretap{}
	collector := httptest.NewServer(tap)
	defer collector.Close()
	refusing, err := faultserver.StartProxy(faultserver.ProxyConfig{User: "other", Password: "other"})
	if err != nil {
		t.Fatal(err)
	}
	defer refusing.Close()
	secrets := []string{"SECRET-user", "SECRET-token", "SECRET-netrc", "SECRET-url", "SECRET-proxy", "SECRET-location"}
	for user, secret := range map[string]string{"me": secrets[0], "net": secrets[2], "you": secrets[3], "px": secrets[4], "loc": secrets[5]} {
		secrets = append(secrets, strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(user+":"+secret)), "="))
	}
	dir := t.TempDir()
	for name, data := range map[string]string{"token": "SECRET-token\n", "netrc": "default login net password SECRET-netrc\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	with := func(listener, path string) string {
		return strings.Replace(server.URL(listener, path), "://", "://you:SECRET-url@", 1)
	}
	list := []string{
		with(faultserver.Plain, "/ok"), with(faultserver.Plain, "/status/500"), with(faultserver.Refused, "/"),
		with(faultserver.Plain, "/redirect/302?to=@origin1/status/404&userinfo=loc:%53ECRET-location"), // the query is no secret, what the server makes of it is
		with(faultserver.TLS, "/ok"), "http://you:SECRET-url@nowhere.invalid/", "http://you:SECRET-url@169.254.169.254/", with(faultserver.Plain, "/cl-short"),
	}
	for i, args := range [][]string{
		{"-u", "me:SECRET-user"}, {"--bearer-file", "token"}, {"--netrc"}, {},
		{"-u", "me:SECRET-user", "-x", "http://px:SECRET-proxy@" + refusing.Addr()},
		{"-u", "me:SECRET-user", "-x", "socks5h://px:SECRET-proxy@" + refusing.Addr()},
		{"-x", "http://px:SECRET-proxy@127.0.0.1:1"},
		{"-x", "https://px:SECRET-proxy@" + refusing.Addr()},
	} {
		if err := os.RemoveAll(filepath.Join(dir, "out.ndjson")); err != nil {
			t.Fatal(err)
		}
		env := []string{"NETRC=" + filepath.Join(dir, "netrc"), "OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.URL, "OTEL_TRACES_SAMPLER=always_on"}
		o := batchIn(t, dir, env, os.Args[0], list, append(args, "--retry", "1", "--retry-delay", "1ms", "--output-dir", "d", "--breaker-failures", "0")...)
		data, err := os.ReadFile(filepath.Join(dir, "out.ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		tap.mu.Lock()
		spans := tap.all.String()
		tap.mu.Unlock()
		if len(spans) == 0 || len(o.stderr) == 0 {
			t.Fatalf("nothing to look at: %d bytes of spans, %q", len(spans), o.stderr)
		}
		for _, secret := range append(secrets, "SECRET") {
			for where, text := range map[string]string{"records": string(data), "standard error": o.stderr, "spans": spans} {
				if at := strings.Index(text, secret); at >= 0 {
					t.Errorf("run %d: %s shows %s: %q", i, where, secret, text[max(0, at-60):min(len(text), at+60)])
				}
			}
		}
	}
	for _, r := range server.Log() {
		if r.Listener == "origin1" && fmt.Sprint(r.Header["Authorization"]) != "[]" {
			t.Errorf("another origin got %v", r.Header["Authorization"])
		}
	}
}
