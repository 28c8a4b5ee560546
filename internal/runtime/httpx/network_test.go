package httpx

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/faultserver"
	"github.com/specify-cli/specify/internal/runtime/httpx/direct"
	"github.com/specify-cli/specify/internal/runtime/httpx/netrc"
	"github.com/specify-cli/specify/internal/runtime/httpx/route"
	"github.com/specify-cli/specify/internal/task"
)

// fetched fetches a URL with two retries that wait for nothing, and returns its
// record, the body, and the type of the error.
func fetched(t *testing.T, cfg Config, raw string, header ...task.Field) (rec task.Record, body, kind string) {
	t.Helper()
	var sink memory
	rec, kind = fetchedTo(t, &sink, cfg, raw, header...)
	return rec, string(sink.body), kind
}

func fetchedTo(t *testing.T, sink Sink, cfg Config, raw string, header ...task.Field) (rec task.Record, kind string) {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	tk := &task.Task{ID: "x", URLs: []string{raw}, Header: header}
	gate := NewGate(GateConfig{})
	cfg.UserAgent, cfg.MaxRedirects, cfg.Gate, cfg.Connections = "test", 10, gate, 2
	cfg.Retry = asynccore.RetryPolicy{Max: 2, Base: time.Millisecond, Factor: 1, MaxTime: time.Minute}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout, cfg.ReadTimeout = 20*time.Second, 20*time.Second
	}
	client := New(cfg)
	defer client.Close()
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1, Admission: gate})
	gate.Bind(runner.Wake)
	rec = task.NewRecord(tk)
	began := time.Now()
	_, err = asynccore.GatherOn(t.Context(), runner, asynccore.Job{Key: Origin(u)}, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, client.Fetch(ctx, Exchange{
			Task: tk, URL: *u, Accept: func(status int) bool { return status/100 == 2 }, Sink: sink, Stop: ctx,
		}, &rec)
	})
	rec.Duration = time.Since(began)
	rec.Timing.Complete(rec.Duration)
	if err := runner.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err == nil {
		return rec, "ok"
	}
	rec.Error = AsTaskError(err, rec.Attempts)
	return rec, string(rec.Error.Type)
}

func started(t *testing.T) *faultserver.Server {
	t.Helper()
	server, err := faultserver.Start(faultserver.Config{Origins: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

func proxied(t *testing.T, cfg faultserver.ProxyConfig) *faultserver.Proxy {
	t.Helper()
	proxy, err := faultserver.StartProxy(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	return proxy
}

// pemFiles writes what TLSFiles names.
func pemFiles(t *testing.T, server *faultserver.Server) (ca, cert, key string) {
	t.Helper()
	certPEM, keyPEM := server.ClientCertPEM()
	write := func(name string, data []byte) string {
		name = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	return write("ca.pem", server.CAPEM()), write("cert.pem", certPEM), write("key.pem", keyPEM)
}

// What the TLS settings make of each listener, by the direct transport and by
// http.Transport. A certificate that does not hold is asked for once.
func TestTLSSettings(t *testing.T) {
	server := started(t)
	ca, cert, key := pemFiles(t, server)
	trusting := TLSFiles{CACert: ca}
	for _, c := range []struct {
		name     string
		files    TLSFiles
		http1    bool
		listener string
		want     string
		protocol string
	}{
		{name: "trusted", files: trusting, listener: faultserver.TLS, want: "ok", protocol: "HTTP/1.1"},
		{name: "HTTP/2", files: trusting, listener: faultserver.H2, want: "ok", protocol: "HTTP/2.0"},
		{name: "HTTP/1.1 asked for", files: trusting, http1: true, listener: faultserver.H2, want: "ok", protocol: "HTTP/1.1"},
		{name: "expired", files: trusting, listener: faultserver.TLSExpired, want: "certificate"},
		{name: "not yet valid", files: trusting, listener: faultserver.TLSNotYetValid, want: "certificate"},
		{name: "self-signed", files: trusting, listener: faultserver.TLSSelfSigned, want: "certificate"},
		{name: "wrong host", files: trusting, listener: faultserver.TLSWrongHost, want: "certificate"},
		{name: "untrusted", files: trusting, listener: faultserver.TLSUntrusted, want: "certificate"},
		{name: "the system's authorities", listener: faultserver.TLS, want: "certificate"},
		{name: "old", files: trusting, listener: faultserver.TLSOld, want: "tls"},
		{name: "old, insecure", files: TLSFiles{Insecure: true}, listener: faultserver.TLSOld, want: "tls"},
		{name: "expired, insecure", files: TLSFiles{Insecure: true}, listener: faultserver.TLSExpired, want: "ok", protocol: "HTTP/1.1"},
		{name: "wrong host, insecure", files: TLSFiles{Insecure: true}, listener: faultserver.TLSWrongHost, want: "ok", protocol: "HTTP/1.1"},
		{name: "client certificate", files: TLSFiles{CACert: ca, Cert: cert, Key: key}, listener: faultserver.TLSClientCert, want: "ok", protocol: "HTTP/1.1"},
		{name: "client certificate missing", files: trusting, listener: faultserver.TLSClientCert, want: "tls"},
	} {
		for _, behind := range []bool{false, true} {
			name := c.name + map[bool]string{false: "/direct", true: "/nethttp"}[behind]
			t.Run(name, func(t *testing.T) {
				config, err := c.files.Config()
				if err != nil {
					t.Fatal(err)
				}
				var delegated atomic.Int64
				cfg := Config{TLS: config, HTTP1: c.http1, ConnectTimeout: 20 * time.Second, ReadTimeout: 20 * time.Second}
				cfg.Hooks.Delegated = func() { delegated.Add(1) }
				if behind {
					rt := newDirect(cfg, (&dialer{}).dial)
					cfg.Base = rt.Fallback
				}
				before := server.Stats().Listeners[c.listener].Connections
				rec, _, got := fetched(t, cfg, server.URL(c.listener, "/ok"))
				if got != c.want || rec.Protocol != c.protocol {
					t.Errorf("%s over %q, want %s over %q: %v", got, rec.Protocol, c.want, c.protocol, rec.Error)
				}
				if want := behind || c.protocol == "HTTP/2.0"; (delegated.Load() > 0) != want {
					t.Errorf("http.Transport was asked for %d requests, want some: %v", delegated.Load(), want)
				}
				conns := server.Stats().Listeners[c.listener].Connections - before
				if c.want == "certificate" && (conns != 1 || rec.Attempts != 1) {
					t.Errorf("%d connections in %d attempts", conns, rec.Attempts)
				}
			})
		}
	}
}

func TestTLSFilesErrors(t *testing.T) {
	server := started(t)
	ca, cert, key := pemFiles(t, server)
	write := func(name, data string) string {
		name = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	certPEM, keyPEM := server.ClientCertPEM()
	other := started(t)
	_, otherKey := other.ClientCertPEM()
	both := write("both.pem", string(certPEM)+string(keyPEM))
	text := write("text", "hello")
	for _, c := range []struct {
		files TLSFiles
		want  string // empty: none
	}{
		{TLSFiles{Cert: cert, Key: key}, ""},
		{TLSFiles{Cert: both}, ""},
		{TLSFiles{Cert: both + ":SECRET"}, ""}, // the key needs no passphrase
		{TLSFiles{CACert: both}, ""},
		{TLSFiles{CACert: "nowhere.pem"}, "nowhere.pem: no such file or directory"},
		{TLSFiles{CACert: text}, text + ": not a PEM file"},
		{TLSFiles{CACert: key}, key + ": no certificate in it"},
		{TLSFiles{Cert: "nowhere.pem:SECRET"}, "nowhere.pem: no such file or directory"},
		{TLSFiles{Cert: cert}, cert + ": no private key in it"},
		{TLSFiles{Cert: cert, Key: "nokey.pem"}, "nokey.pem: no such file or directory"},
		{TLSFiles{Cert: key, Key: key}, key + ": no certificate in it"},
		{TLSFiles{Cert: cert, Key: ca}, ca + ": no private key in it"},
		{TLSFiles{Cert: cert, Key: write("k", string(otherKey))}, "is not that of the certificate in " + cert},
		{TLSFiles{Cert: cert, Key: write("k", strings.ReplaceAll(string(keyPEM), "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"))}, "encrypted keys are not supported"},
		{TLSFiles{Cert: cert, Key: write("k", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\naGVsbG8=\n-----END RSA PRIVATE KEY-----\n")}, "encrypted keys are not supported"},
		{TLSFiles{Key: key}, "--cert is missing"},
	} {
		_, err := c.files.Config()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", c.files, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("the passphrase shows: %v", err)
		}
	}
	if config, err := (TLSFiles{}).Config(); config != nil || err != nil {
		t.Errorf("%v, %v", config, err)
	}
}

// The client's certificate is for the first origin: a redirect elsewhere goes
// without, on a connection on which the server does not know us.
func TestClientCertificateStaysWithItsOrigin(t *testing.T) {
	server := started(t)
	ca, cert, key := pemFiles(t, server)
	config, err := TLSFiles{CACert: ca, Cert: cert, Key: key}.Config()
	if err != nil {
		t.Fatal(err)
	}
	rec, _, got := fetched(t, Config{TLS: config}, server.URL(faultserver.TLS, "/redirect/302?to=@tls-client-cert/ok"))
	if got != "tls" {
		t.Errorf("the redirect: %s: %v", got, rec.Error)
	}
	if n := server.CountOn(faultserver.TLSClientCert, "/ok"); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
	if _, _, got = fetched(t, Config{TLS: config}, server.URL(faultserver.TLSClientCert, "/redirect/302?to=/ok")); got != "ok" {
		t.Errorf("a redirect at home: %s", got)
	}
}

// saw is what /echo reports of a header field.
func saw(body, name string) string {
	_, rest, ok := strings.Cut(body, `"`+name+`":["`)
	if !ok {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

func basicAuth(user, password string) string {
	return route.Authorization(url.UserPassword(user, password))
}

// Who a request says it is, and that nobody else hears of it.
func TestCredentials(t *testing.T) {
	server := started(t)
	rc, err := netrc.Parse("machine 127.0.0.1 login n password np\nmachine 127.0.0.1 login n2 password np2")
	if err != nil {
		t.Fatal(err)
	}
	user := url.UserPassword("f", "fp")
	at := func(userinfo string) string {
		return strings.Replace(server.URL(faultserver.Plain, "/echo"), "://", "://"+userinfo, 1)
	}
	flag := func(value string) []task.Field { return []task.Field{{Name: "authorization", Value: value}} }
	for _, c := range []struct {
		name string
		cfg  Config
		url  string
		line []task.Field
		want string
	}{
		{"nobody", Config{}, at(""), nil, ""},
		{"line", Config{Header: flag("H"), Bearer: "b", User: user, Netrc: rc}, at("u:p@"), flag("L"), "L"},
		{"header", Config{Header: flag("H"), Bearer: "b", User: user, Netrc: rc}, at("u:p@"), nil, "H"},
		{"header taken off", Config{Header: flag(""), Bearer: "b", User: user, Netrc: rc}, at("u:p@"), nil, ""},
		{"taken off by the line", Config{Bearer: "b"}, at("u:p@"), flag(""), ""},
		{"bearer", Config{Bearer: "b", User: user, Netrc: rc}, at("u:p@"), nil, "Bearer b"},
		{"user", Config{User: user, Netrc: rc}, at("u:p@"), nil, basicAuth("f", "fp")},
		{"user with a line's other header", Config{User: user}, at(""), []task.Field{{Name: "X-A", Value: "1"}}, basicAuth("f", "fp")},
		{"URL", Config{Netrc: rc}, at("u:p@"), nil, basicAuth("u", "p")},
		{"URL, encoded", Config{}, at("a%3Ab%40:%0d%0aX@"), nil, basicAuth("a:b@", "\r\nX")},
		{"URL without a password", Config{}, at("u@"), nil, basicAuth("u", "")},
		{"netrc", Config{Netrc: rc}, at(""), nil, basicAuth("n", "np")},
		{"netrc by the URL's user", Config{Netrc: rc}, at("n2@"), nil, basicAuth("n2", "np2")},
		{"netrc without that user", Config{Netrc: rc}, at("n3@"), nil, basicAuth("n3", "")},
		{"netrc of another host", Config{Netrc: rc}, strings.Replace(at(""), "127.0.0.1", "localhost", 1), nil, ""},
	} {
		rec, body, got := fetched(t, c.cfg, c.url, c.line...)
		if got != "ok" || saw(body, "Authorization") != c.want {
			t.Errorf("%s: %s, %q, want %q: %v", c.name, got, saw(body, "Authorization"), c.want, rec.Error)
		}
		if strings.Contains(rec.URL, "u:p") || strings.Contains(rec.FinalURL, "u:p") {
			t.Errorf("%s: the record shows %s, %s", c.name, rec.URL, rec.FinalURL)
		}
	}
	// Another port of the same host, and back: nothing arrives there, or again.
	for base, cfg := range map[string]Config{
		at("user@"): {User: user}, at("bearer@"): {Bearer: "b"}, at(""): {Netrc: rc}, at("header@"): {Header: flag("H")}, at("u:p@"): {},
	} {
		home := strings.Replace(base, "/echo", "/redirect/302?to=/echo", 1)
		if _, body, _ := fetched(t, cfg, home); saw(body, "Authorization") == "" {
			t.Errorf("%+v: a redirect at home loses it", cfg)
		}
		for _, to := range []string{"@origin1/echo", "@origin1/redirect/307%3Fto=@plain/echo", "@origin1/echo&userinfo=eve:il", "@plain/echo&userinfo=eve:il"} {
			away := strings.Replace(base, "/echo", "/redirect/302?to="+to, 1)
			_, body, got := fetched(t, cfg, away)
			if value := saw(body, "Authorization"); got != "ok" || value == basicAuth("eve", "il") || value != "" && strings.HasPrefix(to, "@origin1") {
				t.Errorf("%+v, %s: %s: Authorization %q", cfg, to, got, value)
			}
		}
	}
}

// Every kind of proxy, for http and https, with HTTP/2 through it.
func TestProxies(t *testing.T) {
	server := started(t)
	t.Setenv("SSL_CERT_FILE", "") // a proxy is verified by the system's roots, and ours is not among them
	for _, scheme := range []string{"http", "socks5", "socks5h"} {
		for _, listener := range []string{faultserver.Plain, faultserver.TLS, faultserver.H2} {
			t.Run(scheme+"/"+listener, func(t *testing.T) {
				_, port, _ := net.SplitHostPort(server.Addr(listener))
				at := strings.Replace(server.URL(listener, "/echo"), "127.0.0.1", "localhost", 1)
				proxy := proxied(t, faultserver.ProxyConfig{User: "u", Password: "p@:", Dial: map[string]string{
					"localhost:" + port: server.Addr(listener), "[::1]:" + port: server.Addr(listener),
				}})
				cfg := Config{
					TLS: server.ClientTLS(), User: url.UserPassword("me", "mine"),
					Proxies: route.Explicit(&url.URL{Scheme: scheme, User: url.UserPassword("u", "p@:"), Host: proxy.Addr()}),
				}
				rec, body, got := fetched(t, cfg, at)
				if got != "ok" {
					t.Fatalf("%s: %v", got, rec.Error)
				}
				if saw(body, "Authorization") != basicAuth("me", "mine") || saw(body, "Proxy-Authorization") != "" {
					t.Errorf("the target saw %s", body)
				}
				if saw(body, "User-Agent") != "test" || rec.Remote != proxy.Addr() {
					t.Errorf("agent %q, remote %q", saw(body, "User-Agent"), rec.Remote)
				}
				asked := proxy.Asked()
				want := "CONNECT localhost:" + port
				switch {
				case scheme == "socks5h":
					want = "SOCKS localhost:" + port
				case scheme == "socks5":
					want = "SOCKS 127.0.0.1:" + port
					if strings.Contains(asked[0], "::1") {
						want = "SOCKS [::1]:" + port
					}
				case listener == faultserver.Plain:
					want = "GET " + at
				}
				if !slices.Equal(asked, []string{want + " as u:p@:"}) {
					t.Errorf("asked for %q, want %q", asked, want)
				}
				if h2 := listener == faultserver.H2; h2 != (rec.Protocol == "HTTP/2.0") {
					t.Errorf("protocol %s", rec.Protocol)
				}
				checkTiming(t, &rec)
			})
		}
	}
}

// An https proxy is verified for what it is, whatever holds for the target.
func TestProxyOverTLS(t *testing.T) {
	server := started(t)
	config, err := TLSFiles{Insecure: true}.Config()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{faultserver.Plain, faultserver.TLS} {
		proxy := proxied(t, faultserver.ProxyConfig{TLS: server.ServerTLS()})
		cfg := Config{TLS: config, Proxies: route.Explicit(&url.URL{Scheme: "https", User: url.UserPassword("u", "SECRET"), Host: proxy.Addr()})}
		rec, _, got := fetched(t, cfg, server.URL(path, "/ok"))
		if got != "certificate" || rec.Attempts != 1 || strings.Contains(rec.Error.Message, "SECRET") || !strings.Contains(rec.Error.Message, "proxy https://127.0.0.1:") {
			t.Errorf("%s: %s in %d attempts: %q", path, got, rec.Attempts, rec.Error.Message)
		}
		if asked := proxy.Asked(); len(asked) > 0 {
			t.Errorf("a proxy that is not verified was told %q", asked)
		}
	}
}

func TestProxyFailures(t *testing.T) {
	server := started(t)
	plain, secure := server.URL(faultserver.Plain, "/ok"), server.URL(faultserver.TLS, "/ok")
	refused := server.Addr(faultserver.Refused)
	for _, c := range []struct {
		name     string
		scheme   string
		addr     string // instead of the proxy's
		cfg      faultserver.ProxyConfig
		url      string
		want     string
		message  string
		attempts int
	}{
		{name: "refused", scheme: "http", addr: refused, url: plain, want: "connect", message: "proxy http://" + refused + ": connect: connection refused after 3 attempts", attempts: 3},
		{name: "refused, tunnel", scheme: "http", addr: refused, url: secure, want: "connect", message: "proxy http://" + refused + ": connect: connection refused after 3 attempts", attempts: 3},
		{name: "refused, SOCKS", scheme: "socks5h", addr: refused, url: plain, want: "connect", message: "proxy socks5h://" + refused + ": connect: connection refused after 3 attempts", attempts: 3},
		{name: "no such proxy", scheme: "http", addr: "nowhere.invalid:1", url: secure, want: "connect", message: "proxy http://nowhere.invalid:1: lookup nowhere.invalid", attempts: 3},
		{name: "who are you", scheme: "http", cfg: faultserver.ProxyConfig{User: "x"}, url: plain, want: "407", message: "407 Proxy Authentication Required", attempts: 1},
		{name: "who are you, tunnel", scheme: "http", cfg: faultserver.ProxyConfig{User: "x"}, url: secure, want: "connect", message: "refused to connect: 407 Proxy Authentication Required", attempts: 1},
		{name: "who are you, SOCKS", scheme: "socks5h", cfg: faultserver.ProxyConfig{User: "x"}, url: plain, want: "connect", message: "username/password authentication failed", attempts: 3},
		{name: "not there, tunnel", scheme: "http", cfg: faultserver.ProxyConfig{Refuse: 503}, url: secure, want: "connect", message: "refused to connect: 503 Service Unavailable after 3 attempts", attempts: 3},
		{name: "not allowed, SOCKS", scheme: "socks5h", cfg: faultserver.ProxyConfig{Refuse: 403}, url: secure, want: "connect", message: "not allowed by ruleset", attempts: 3},
		{name: "stalls", scheme: "http", cfg: faultserver.ProxyConfig{Stall: true}, url: plain, want: "timeout_read", message: "no byte received", attempts: 3},
		{name: "stalls, tunnel", scheme: "http", cfg: faultserver.ProxyConfig{Stall: true}, url: secure, want: "timeout_connect", message: "no connection within", attempts: 3},
		{name: "stalls, SOCKS", scheme: "socks5h", cfg: faultserver.ProxyConfig{Stall: true}, url: plain, want: "timeout_connect", message: "no connection within", attempts: 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			addr := c.addr
			if addr == "" {
				addr = proxied(t, c.cfg).Addr()
			}
			retryOn, err := task.ParseStatusSet("503")
			if err != nil {
				t.Fatal(err)
			}
			cfg := Config{
				TLS: server.ClientTLS(), RetryOn: retryOn, ConnectTimeout: 20 * time.Second, ReadTimeout: 20 * time.Second,
				Proxies: route.Explicit(&url.URL{Scheme: c.scheme, User: url.UserPassword("u", "SECRET"), Host: addr}),
			}
			if c.cfg.Stall {
				cfg.ConnectTimeout, cfg.ReadTimeout = 300*time.Millisecond, 300*time.Millisecond
			}
			rec, _, got := fetched(t, cfg, c.url)
			if got != c.want || rec.Attempts != c.attempts || !strings.Contains(rec.Error.Message, c.message) {
				t.Errorf("%s in %d attempts, want %s in %d: %v", got, rec.Attempts, c.want, c.attempts, rec.Error)
			}
			if strings.Contains(rec.Error.Message, "SECRET") || strings.Contains(rec.Error.Message, "proxyconnect") {
				t.Errorf("%v", rec.Error)
			}
		})
	}
}

// The address that is dialled is judged: at first, on redirects, after DNS, and
// through proxies where it can be seen; once.
func TestDeniedAddresses(t *testing.T) {
	server := started(t)
	var deny route.Deny
	if err := deny.Add("link-local,127.0.0.2,::1"); err != nil {
		t.Fatal(err)
	}
	proxy := proxied(t, faultserver.ProxyConfig{})
	via := func(scheme string) route.Proxies {
		return route.Explicit(&url.URL{Scheme: scheme, Host: proxy.Addr()})
	}
	var resolve route.Resolve
	if err := resolve.Add("inside.test:80:169.254.169.254"); err != nil {
		t.Fatal(err)
	}
	plain := server.URL(faultserver.Plain, "/ok")
	for _, c := range []struct {
		name string
		cfg  Config
		url  string
		want string
	}{
		{"not denied", Config{}, plain, "ok"},
		{"literal", Config{}, "http://169.254.169.254/latest/meta-data/", "denied_address"},
		{"mapped", Config{}, "http://[::ffff:169.254.169.254]/", "denied_address"},
		{"NAT64", Config{}, "http://[64:ff9b::a9fe:a9fe]/", "denied_address"},
		{"6to4", Config{}, "http://[2002:a9fe:a9fe::1]/", "denied_address"},
		{"zone", Config{}, "http://[fe80::1%25lo]/", "denied_address"},
		{"https", Config{}, "https://169.254.169.254/", "denied_address"},
		{"given by --resolve", Config{Resolve: resolve}, "http://inside.test/", "denied_address"},
		{"redirect", Config{}, server.URL(faultserver.Plain, "/redirect/302?to=http://127.0.0.2:1/"), "denied_address"},
		{"redirect, mapped", Config{}, server.URL(faultserver.Plain, "/redirect/302?to=http://[::ffff:127.0.0.2]:1/"), "denied_address"},
		{"wide digits, by http.Transport", Config{}, "http://１６９.254.169.254/", "denied_address"},
		{"proxy", Config{Proxies: via("http")}, "http://169.254.169.254/", "denied_address"},
		{"proxy, tunnel", Config{Proxies: via("http")}, "https://169.254.169.254/", "denied_address"},
		{"proxy, hexadecimal", Config{Proxies: via("http")}, "http://0xa9fea9fe/", "denied_address"},
		{"proxy, wide digits", Config{Proxies: via("http")}, "http://１６９.254.169.254/", "denied_address"},
		{"proxy, redirect", Config{Proxies: via("http")}, server.URL(faultserver.Plain, "/redirect/302?to=http://127.0.0.2:1/"), "denied_address"},
		{"SOCKS, the name's address", Config{Proxies: via("socks5"), Resolve: resolve}, "http://inside.test/", "denied_address"},
		{"SOCKS, remote", Config{Proxies: via("socks5h")}, "http://169.254.169.254/", "denied_address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.cfg.Deny = deny
			rec, _, got := fetched(t, c.cfg, c.url)
			if got != c.want || rec.Attempts != 1 {
				t.Errorf("%s in %d attempts, want %s: %v", got, rec.Attempts, c.want, rec.Error)
			}
		})
	}
	if slices.ContainsFunc(proxy.Asked(), func(s string) bool {
		return strings.Contains(s, "169.254") || strings.Contains(s, "http://127.0.0.2:1/") && !strings.Contains(s, "/redirect/")
	}) {
		t.Errorf("the proxy was asked for %q", proxy.Asked())
	}
	// The proxy's own address is the user's choice.
	var loopback route.Deny
	if err := loopback.Add("loopback"); err != nil {
		t.Fatal(err)
	}
	reached := proxied(t, faultserver.ProxyConfig{Dial: map[string]string{"h.test:80": server.Addr(faultserver.Plain)}})
	cfg := Config{Deny: loopback, Proxies: route.Explicit(&url.URL{Scheme: "http", Host: reached.Addr()})}
	if rec, _, got := fetched(t, cfg, "http://h.test/ok"); got != "ok" {
		t.Errorf("through a proxy on a denied address: %s: %v", got, rec.Error)
	}
}

// rebinding is a name server that gives a good address first and a bad one
// afterwards.
func rebinding(t *testing.T, addrs ...string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	done := make(chan struct{})
	go func() { // ends with conn; the cleanup waits for it
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.Additionals = true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				i := min(int(asked.Add(1)), len(addrs)) - 1
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class},
					Body:   &dnsmessage.AResource{A: netip.MustParseAddr(addrs[i]).As4()},
				}}
			}
			if packed, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(packed, from)
			}
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp4", conn.LocalAddr().String())
	}}
}

// A name that stands for a good address when it is first looked up, and for a
// denied one in the retry.
func TestDeniedAfterRebinding(t *testing.T) {
	server := started(t)
	_, port, _ := net.SplitHostPort(server.Addr(faultserver.Closing))
	d := &dialer{net: net.Dialer{Resolver: rebinding(t, "127.0.0.1", "169.254.169.254")}, deny: route.DenyLinkLocal()}
	base := &direct.Transport{DialContext: d.dial}
	rec, _, got := fetched(t, Config{Base: base}, "http://rebind.test:"+port+"/")
	if got != "denied_address" || rec.Attempts != 2 || len(rec.Retries) != 1 {
		t.Errorf("%s in %d attempts: %v", got, rec.Attempts, rec.Error)
	}
}

// --resolve changes where a connection goes, and nothing else.
func TestResolve(t *testing.T) {
	server := started(t)
	for _, listener := range []string{faultserver.Plain, faultserver.TLS} {
		host, port, _ := net.SplitHostPort(server.Addr(listener))
		var resolve route.Resolve
		for _, entry := range []string{"h.test:" + port + ":127.0.0.1", "two.test:" + port + ":127.0.0.9,127.0.0.1", "*:1:127.0.0.1"} {
			if err := resolve.Add(entry); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"h.test", "two.test"} {
			rec, body, got := fetched(t, Config{Resolve: resolve, TLS: server.ClientTLS()}, strings.Replace(server.URL(listener, "/echo"), host, name, 1))
			if listener == faultserver.TLS {
				if got != "certificate" { // that is not whom the certificate is for
					t.Errorf("%s over TLS: %s: %v", name, got, rec.Error)
				}
				continue
			}
			if got != "ok" || !strings.Contains(body, name+":"+port) || rec.Timing.DNS != task.Unknown {
				t.Errorf("%s: %s %s %v", name, got, body, rec.Error)
			}
		}
	}
}

// Without a proxy nothing stands before the direct transport.
func TestNoDetour(t *testing.T) {
	if _, ok := newTransport(Config{Deny: route.DenyLinkLocal()}).(*direct.Transport); !ok {
		t.Error("the plain way has a detour")
	}
	c, server := net.Pipe()
	defer c.Close()
	defer server.Close()
	if _, err := (&conn{Conn: c}).SyscallConn(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v", err)
	}
	plain, err := (&dialer{}).dial(t.Context(), "tcp", started(t).Addr(faultserver.Plain))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if _, err := plain.(*conn).SyscallConn(); err != nil {
		t.Errorf("the direct transport cannot ask the socket: %v", err)
	}
}

// A control character never reaches the wire, wherever it comes from.
func TestControlCharacters(t *testing.T) {
	server := started(t)
	for _, evil := range []string{"a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\x00b", "a\rb"} {
		for name, cfg := range map[string]Config{
			"header": {Header: []task.Field{{Name: "X-A", Value: evil}}},
			"bearer": {Bearer: evil},
			"user":   {User: url.UserPassword(evil, evil)},
			"agent":  {Header: []task.Field{{Name: "User-Agent", Value: evil}}},
		} {
			_, body, got := fetched(t, cfg, server.URL(faultserver.Plain, "/echo"))
			if strings.Contains(body, "X-Evil") {
				t.Errorf("%s %q: the server saw %s", name, evil, body)
			}
			if name == "user" {
				if got != "ok" { // Basic hides it in base64
					t.Errorf("%s %q: %s", name, evil, got)
				}
			} else if got == "ok" {
				t.Errorf("%s %q was sent: %s", name, evil, body)
			}
		}
	}
}
