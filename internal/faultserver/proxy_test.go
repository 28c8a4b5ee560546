package faultserver

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"testing"
)

// net/http is the judge of the proxy.
func TestProxy(t *testing.T) {
	server, err := Start(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	for _, scheme := range []string{"http", "socks5"} {
		for _, listener := range []string{Plain, TLS} {
			proxy, err := StartProxy(ProxyConfig{User: "u", Password: "p", Dial: map[string]string{"localhost:1": server.Addr(listener)}})
			if err != nil {
				t.Fatal(err)
			}
			defer proxy.Close()
			rt := &http.Transport{
				Proxy:           http.ProxyURL(&url.URL{Scheme: scheme, User: url.UserPassword("u", "p"), Host: proxy.Addr()}),
				TLSClientConfig: server.ClientTLS(),
			}
			defer rt.CloseIdleConnections()
			at := map[string]string{Plain: "http", TLS: "https"}[listener] + "://localhost:1/ok"
			resp, err := (&http.Client{Transport: rt}).Get(at)
			if err != nil {
				t.Errorf("%s %s: %v", scheme, at, err)
				continue
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if string(body) != "ok\n" || err != nil {
				t.Errorf("%s %s: %q, %v", scheme, at, body, err)
			}
			want := map[string]string{"socks5": "SOCKS localhost:1", "http": "GET " + at}[scheme]
			if scheme == "http" && listener == TLS {
				want = "CONNECT localhost:1"
			}
			if got := proxy.Asked(); !slices.Equal(got, []string{want + " as u:p"}) {
				t.Errorf("asked for %q, want %q", got, want)
			}
		}
	}
}
