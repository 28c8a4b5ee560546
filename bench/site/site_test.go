package site

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/specify-cli/specify/bench/proc"
)

func TestMain(m *testing.M) {
	Serve()
	os.Exit(m.Run())
}

// Whatever serves, it has the bodies, a certificate of each host, and counts.
func TestSite(t *testing.T) {
	for _, path := range []string{os.Getenv("PATH"), "/nothing-is-here"} {
		t.Setenv("PATH", path)
		s := started(t)
		t.Run(s.Server, func(t *testing.T) { checkSite(t, s) })
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func started(t *testing.T) *Site {
	t.Helper()
	dir, err := os.MkdirTemp("", "site-") // not t.TempDir: nginx's worker may be another user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := Start(Config{Dir: dir, Small: 200, Big: 5000, Core: proc.Any})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func checkSite(t *testing.T, s *Site) {
	text, err := os.ReadFile(s.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots}}}
	before, err := Count(s.Plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, get := range []struct {
		url  string
		want int64
	}{
		{fmt.Sprintf("http://127.0.0.1:%d/small/1", s.Plain), 200},
		{fmt.Sprintf("http://%s:%d/small/2", Host(9999, 10_000), s.Plain), 200},
		{fmt.Sprintf("http://127.0.0.1:%d/big", s.Plain), 5000},
		{fmt.Sprintf("https://%s:%d/small/3", Host(0, 1), s.TLS), 200},
		{fmt.Sprintf("https://%s:%d/small/4", Host(249, TLSHosts), s.TLS), 200},
	} {
		resp, err := c.Get(get.url)
		if err != nil {
			t.Error(err)
			continue
		}
		n, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || n != get.want || err != nil {
			t.Errorf("%s: %s, %d bytes, %v; want %d bytes", get.url, resp.Status, n, err, get.want)
		}
	}
	after, err := Count(s.Plain)
	if err != nil {
		t.Fatal(err)
	}
	if seen := after.Minus(before); seen != (Counts{Connections: 5, Requests: 5}) {
		t.Errorf("the server has counted %+v, want 5 of each", seen)
	}
	resp, err := c.Get(fmt.Sprintf("http://127.0.0.1:%d/slow/1", s.Slow))
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("slow: %v, %v", resp, err)
	}
	resp.Body.Close()
}

func TestHostsDiffer(t *testing.T) {
	seen := make(map[string]bool)
	for i := range 100_000 {
		seen[Host(i, 100_000)] = true
	}
	if len(seen) != 100_000 {
		t.Errorf("%d addresses for 100000 hosts", len(seen))
	}
}
