package route

import (
	"net/url"
	"strings"
	"testing"
)

func TestParseProxy(t *testing.T) {
	for raw, want := range map[string]string{
		"relay.test":                  "http://relay.test:1080",
		"relay.test:3128":             "http://relay.test:3128",
		"HTTP://relay.test:3128/":     "http://relay.test:3128",
		"https://relay.test":          "https://relay.test:443",
		"socks5://u:p@h:9":            "socks5://u:p@h:9",
		"socks5h://[::1]":             "socks5h://[::1]:1080",
		"u:p%40ss@h:9":                "http://u:p%40ss@h:9",
		"http://h:9/ignored?as=curl#": "http://h:9",
	} {
		u, err := ParseProxy(raw)
		if err != nil || u.String() != want {
			t.Errorf("%s: %v, %v; want %s", raw, u, err, want)
		}
	}
	for _, raw := range []string{"", "http://", "socks4://h:1", "ftp://u:SECRET@h", "http://u:SECRET@h:0", "http://u:SECRET@h:99999", "http://u:SECRET@h:x", "http://u:SECRET@", "http://SE\r\nCRET:x@h", "http://u:SEC RET@h"} {
		u, err := ParseProxy(raw)
		if err == nil {
			t.Errorf("%q: %v", raw, u)
		} else if strings.Contains(err.Error(), "SEC") || strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%q: the error shows it: %v", raw, err)
		}
	}
}

// A proxy that is taken can be dialled, and its name shows no user.
func FuzzParseProxy(f *testing.F) {
	for _, s := range []string{"h", "http://u:p@h:1", "socks5h://[::1]:1080", "https://h/", "://", "a@b@c:1", "http://h%00:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := ParseProxy(raw)
		if err != nil {
			return
		}
		if u.Port() == "" || u.Hostname() == "" || strings.ContainsFunc(u.Host, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("%q: host %q", raw, u.Host)
		}
		if again, err := ParseProxy(u.String()); err != nil || again.String() != u.String() {
			t.Errorf("%q: %v, again %v, %v", raw, u, again, err)
		}
		if name, err := url.Parse(Name(u)); err != nil || name.User != nil {
			t.Errorf("%q: name %q, %v", raw, Name(u), err)
		}
	})
}

func TestChooser(t *testing.T) {
	proxy := &url.URL{Scheme: "http", Host: "relay.test:1"}
	both := func(except string, loopback bool) Proxies {
		return Proxies{HTTP: proxy, HTTPS: proxy, Except: except, Loopback: loopback}
	}
	for _, c := range []struct {
		p              Proxies
		proxied, plain string
	}{
		{both("", false), "http://h.test/ https://h.test:8443/ http://10.0.0.1/ http://[2001:db8::1]/", "http://localhost/ http://127.0.0.1:8080/ http://[::1]/"},
		{both("", true), "http://h.test/ http://localhost/ https://127.0.0.1:8080/ http://[::1]/", ""},
		{Proxies{HTTP: proxy}, "http://h.test/", "https://h.test/"},
		{Proxies{HTTPS: proxy}, "https://h.test/", "http://h.test/"},
		{both("*", true), "", "http://h.test/ http://localhost/ http://127.0.0.1/"},
		{both("h.test, 10.0.0.0/8,i.test:8080", true), "http://hh.test/ http://11.0.0.1/ http://i.test/", "http://h.test/ http://sub.H.test/ https://10.1.2.3/ http://i.test:8080/"},
		{both("localhost,127.0.0.0/8", true), "http://[::1]/", "http://localhost:9/ http://LOCALHOST/ http://127.3.2.1/"},
		{both("127.0.0.1:80,[::1]", true), "http://127.0.0.1:81/ https://127.0.0.1/ http://127.0.0.2/", "http://127.0.0.1/ http://[::1]:9/"},
		// CVE-2025-22870: a zone may not make an address look like a domain.
		{both("example.com", true), "http://[::1%25.example.com]/ http://[fe80::1%25.example.com]/", ""},
	} {
		choose := c.p.Chooser()
		for want, urls := range map[bool]string{true: c.proxied, false: c.plain} {
			for raw := range strings.FieldsSeq(urls) {
				u, err := url.Parse(raw)
				if err != nil {
					t.Fatal(err)
				}
				if got := choose(u); got != want {
					t.Errorf("NO_PROXY=%q, %s: %v, want %v", c.p.Except, raw, got, want)
				}
			}
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"} {
		t.Setenv(name, "")
	}
	if p, err := FromEnvironment(); err != nil || !p.None() {
		t.Errorf("%+v, %v", p, err)
	}
	t.Setenv("http_proxy", "u:SECRET@lower.test:1")
	t.Setenv("HTTPS_PROXY", "socks5h://upper.test")
	t.Setenv("NO_PROXY", "a.test")
	p, err := FromEnvironment()
	if err != nil || p.HTTP.Host != "lower.test:1" || p.HTTPS.String() != "socks5h://upper.test:1080" || p.Except != "a.test" || p.Loopback {
		t.Errorf("%+v, %v", p, err)
	}
	if e := Explicit(p.HTTP); e.HTTPS != p.HTTP || e.Except != "a.test" || !e.Loopback {
		t.Errorf("%+v", e)
	}
	t.Setenv("https_proxy", "") // set to nothing is not set
	t.Setenv("HTTPS_PROXY", "")
	t.Setenv("ALL_PROXY", "upper.test:2")
	if p, err = FromEnvironment(); err != nil || p.HTTP.Host != "lower.test:1" || p.HTTPS.Host != "upper.test:2" {
		t.Errorf("%+v, %v", p, err)
	}
	t.Setenv("all_proxy", "all.test:3")
	if p, err = FromEnvironment(); err != nil || p.HTTP.Host != "lower.test:1" || p.HTTPS.Host != "all.test:3" {
		t.Errorf("%+v, %v", p, err)
	}
	t.Setenv("all_proxy", "ftp://u:SECRET@h.test")
	if _, err := FromEnvironment(); err == nil || !strings.HasPrefix(err.Error(), "ALL_PROXY: ") || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("%v", err)
	}
	t.Setenv("all_proxy", "")
	t.Setenv("ALL_PROXY", "")
	t.Setenv("REQUEST_METHOD", "GET")
	if _, err := FromEnvironment(); err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("a CGI program takes HTTP_PROXY: %v", err)
	}
	t.Setenv("REQUEST_METHOD", "")
	t.Setenv("http_proxy", "http://u:SECRET@:99")
	if _, err := FromEnvironment(); err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("%v", err)
	}
}
