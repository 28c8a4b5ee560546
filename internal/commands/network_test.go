package commands

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestNetworkSettings(t *testing.T) {
	_, req, err := asked(t, "batch", "http://a/", "-u", "me:pass:word", "-n", "-E", "c.pem", "--key", "k.pem", "--cacert", "ca.pem", "-k",
		"-x", "u:p@relay.test:3128", "--resolve", "h.test:80:127.0.0.1", "--resolve", "*:443:[::1]", "--http1.1", "--deny", "private", "--deny", "10.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	n := req.Network
	if password, _ := n.User.Password(); n.User.Username() != "me" || password != "pass:word" || !n.Netrc || !n.Insecure || !n.HTTP1 {
		t.Errorf("%+v", n)
	}
	if n.Cert != "c.pem" || n.Key != "k.pem" || n.CACert != "ca.pem" || n.Proxy.String() != "http://u:p@relay.test:3128" || !n.ProxyGiven {
		t.Errorf("%+v", n)
	}
	if n.Deny.String() != "link-local,private,10.0.0.0/8" || n.Resolve.Lookup("h.test:80")[0] != netip.MustParseAddr("127.0.0.1") || n.Resolve.Lookup("any:443") == nil {
		t.Errorf("%v, %v", n.Deny, n.Resolve)
	}
}

func TestNetworkDefaults(t *testing.T) {
	req, _, err := asked(t, "fetch", "http://a/")
	if err != nil {
		t.Fatal(err)
	}
	n := req.Network
	if n.User != nil || n.Bearer != "" || n.Proxy != nil || n.ProxyGiven || n.Insecure || n.Deny.String() != "link-local" {
		t.Errorf("%+v", n)
	}
	if req, _, err = asked(t, "fetch", "http://a/", "-x", ""); err != nil || !req.ProxyGiven || req.Proxy != nil {
		t.Errorf("-x '' is not taken for none: %v", err)
	}
}

// What is wrong is told without what was given: it may be a secret.
func TestNetworkErrors(t *testing.T) {
	for _, args := range [][]string{
		{"-u", "SECRET"}, {"-x", "ftp://u:SECRET@h"}, {"-x", "http://u:SECRET@h:port"}, {"-x", "http://SEC\r\nRET@h"},
		{"--key", "k.pem"}, {"--bearer-file", "nowhere"}, {"--bearer-file", "f"}, {"--deny", "everything"}, {"--resolve", "a:b"},
	} {
		_, _, err := asked(t, append([]string{"fetch", "http://a/"}, args...)...)
		if _, ok := errors.AsType[*UsageError](err); !ok || strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "two") {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestReadToken(t *testing.T) {
	for data, want := range map[string]string{
		"tok\n": "tok", "tok\r\n": "tok", "a.b-c_d~e+f/g==": "a.b-c_d~e+f/g==",
		"": "", "\n": "", "t0k\n\n": "", "t0k\nb\n": "", "t0k b": "", "t0k\x00b": "", "t0k\u00e9": "", "t0k\rb": "",
	} {
		got, err := readToken("f", func(string) ([]byte, error) { return []byte(data), nil })
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", data, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "t0k") {
			t.Errorf("%q: the error shows it: %v", data, err)
		}
	}
}
