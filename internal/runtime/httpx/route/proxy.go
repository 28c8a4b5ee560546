package route

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// Proxies says which requests go through a proxy. The zero value sends all
// directly.
type Proxies struct {
	HTTP, HTTPS *url.URL // by the scheme of the request; nil is none. As ParseProxy returns them
	Except      string   // in the form of NO_PROXY
	// Loopback makes requests to this host go through the proxy as well. A
	// proxy from the environment is not meant for them.
	Loopback bool
}

// ParseProxy reads what -x and the environment name: [SCHEME://][USER:PASSWORD@]HOST[:PORT]
// with the schemes http (the default), https, socks5 and socks5h. As with curl
// the port is 443 for https and else 1080 unless given. Errors do not repeat
// raw, which may hold a password.
func ParseProxy(raw string) (*url.URL, error) {
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("not of the form [SCHEME://][USER:PASSWORD@]HOST[:PORT] (not shown: it may hold a password)")
	}
	u.Scheme = strings.ToLower(u.Scheme)
	port := u.Port()
	if port == "" {
		port = "1080"
		if u.Scheme == "https" {
			port = "443"
		}
	}
	switch n, err := strconv.ParseUint(port, 10, 16); {
	case !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme):
		return nil, fmt.Errorf("proxy scheme %q is not http, https, socks5 or socks5h", u.Scheme)
	case err != nil || n == 0:
		return nil, fmt.Errorf("%q is not a port", port)
	}
	return &url.URL{Scheme: u.Scheme, User: u.User, Host: net.JoinHostPort(u.Hostname(), port)}, nil
}

// FromEnvironment reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in lower case too,
// and, as curl does, ALL_PROXY for the schemes that have none of their own.
// Where REQUEST_METHOD is set a web server started us, and HTTP_PROXY may be a
// header of its client (httpoxy, CVE-2016-5385): that is an error.
func FromEnvironment() (Proxies, error) {
	env := httpproxy.FromEnvironment()
	p := Proxies{Except: env.NoProxy}
	if env.HTTPProxy != "" && env.CGI {
		return p, errors.New("HTTP_PROXY is not trusted where REQUEST_METHOD is set: name the proxy with --proxy")
	}
	all := cmp.Or(os.Getenv("all_proxy"), os.Getenv("ALL_PROXY"))
	for _, v := range []struct {
		name, value string
		into        **url.URL
	}{{"HTTP_PROXY", env.HTTPProxy, &p.HTTP}, {"HTTPS_PROXY", env.HTTPSProxy, &p.HTTPS}} {
		if v.value == "" {
			v.name, v.value = "ALL_PROXY", all
		}
		if v.value == "" {
			continue
		}
		u, err := ParseProxy(v.value)
		if err != nil {
			return p, fmt.Errorf("%s: %w", v.name, err)
		}
		*v.into = u
	}
	return p, nil
}

// Explicit sends all requests through proxy but those that NO_PROXY excepts, as
// curl -x does. A nil proxy is none.
func Explicit(proxy *url.URL) Proxies {
	return Proxies{HTTP: proxy, HTTPS: proxy, Except: httpproxy.FromEnvironment().NoProxy, Loopback: true}
}

// None reports that no request goes through a proxy.
func (p Proxies) None() bool { return p.HTTP == nil && p.HTTPS == nil }

// Chooser returns a function that reports whether a request to u goes through
// the proxy of its scheme. It is safe for concurrent use.
func (p Proxies) Chooser() func(u *url.URL) bool {
	var set httpproxy.Config // decides by itself; the proxies are ours
	set.NoProxy = p.Except
	if p.HTTP != nil {
		set.HTTPProxy = "http://http.invalid"
	}
	if p.HTTPS != nil {
		set.HTTPSProxy = "http://https.invalid"
	}
	choose := set.ProxyFunc()
	return func(u *url.URL) bool {
		if p.Loopback && isLoopback(u.Hostname()) {
			return !p.excepts(u)
		}
		proxy, err := choose(u)
		return err == nil && proxy != nil
	}
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && a.Unmap().IsLoopback()
}

// excepts reads NO_PROXY for the hosts that httpproxy has a rule of its own for:
// localhost and the loopback addresses, alone or with a port, or by prefix.
func (p Proxies) excepts(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	a, _ := netip.ParseAddr(host)
	for item := range strings.SplitSeq(strings.ToLower(p.Except), ",") {
		item = strings.TrimSpace(item)
		prefix, err := netip.ParsePrefix(item)
		switch {
		case item == "*", unbracket(item) == host, item == net.JoinHostPort(host, port),
			err == nil && a.IsValid() && prefix.Contains(a):
			return true
		}
	}
	return false
}
