package httpx

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"github.com/specify-cli/specify/internal/runtime/httpx/direct"
)

const (
	maxHeader     = 256 << 10        // bytes of an answer's headers; net/http's own limit is 10 MiB
	idleTimeout   = 90 * time.Second // how long an idle connection is kept
	keepAliveTime = 30 * time.Second // between TCP keep-alive probes
)

// newTransport makes what sends requests: directly, or through a proxy where
// the configuration names one. What a client certificate does not belong to is
// sent by a transport of its own, so that connections are not shared.
func newTransport(cfg Config) http.RoundTripper {
	rt := newRoutes(cfg)
	if cfg.TLS == nil || cfg.TLS.Certificates == nil {
		return rt
	}
	cfg.TLS = cfg.TLS.Clone()
	cfg.TLS.Certificates = nil
	return &identified{with: rt, without: newRoutes(cfg)}
}

// newDirect makes the direct transport for HTTP/1.1 over connections that dial
// makes, and behind it http.Transport for HTTP/2 and anything unusual. Both share
// the dialer, the TLS settings and the limits.
func newDirect(cfg Config, dial dialFunc) *direct.Transport {
	rt := &direct.Transport{
		DialContext:            dial,
		TLSClientConfig:        tlsConfig(cfg),
		MaxIdlePerHost:         cfg.idlePerHost(),
		MaxIdle:                cfg.idle(),
		IdleTimeout:            idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
		ConnectTimeout:         cfg.ConnectTimeout,
		ReadTimeout:            cfg.ReadTimeout,
		ReadTimeoutOf:          cfg.readTimeouts(),
		GotConn: func(ctx context.Context, info httptrace.GotConnInfo, instead bool) error {
			h := exchangeOf(ctx).hop
			h.private = info.Reused // else there was a dial, which may go on without us
			if instead {
				h.ex.wires-- // the one before was only looked at
			}
			return h.gotConn(info)
		},
		TLSHandshake: func(ctx context.Context, took time.Duration) {
			exchangeOf(ctx).hop.tlsTook.Store(max(1, int64(took)))
		},
	}
	behind := newHTTPTransport(cfg, dial)
	behind.TLSClientConfig, behind.DialTLSContext = rt.TLSClientConfig.Clone(), rt.DialTLSContext // net/http writes to its own
	rt.Fallback = watched(behind, cfg)
	return rt
}

// newHTTPTransport makes an http.Transport over connections that dial makes.
func newHTTPTransport(cfg Config, dial dialFunc) *http.Transport {
	return &http.Transport{
		DialContext:            within(cfg.ConnectTimeout, dial),
		ForceAttemptHTTP2:      !cfg.HTTP1,
		DisableCompression:     true, // bodies are decoded, and checked to their end, in consume
		MaxIdleConns:           cfg.idle(),
		MaxIdleConnsPerHost:    cfg.idlePerHost(),
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
	}
}

// identified sends requests that have left the first origin without the client
// certificate: it was given for that one. A connection that a server knows us
// on is not used for them either.
type identified struct{ with, without http.RoundTripper }

var _ http.RoundTripper = (*identified)(nil)

func (i *identified) RoundTrip(req *http.Request) (*http.Response, error) {
	if exchangeOf(req.Context()).strayed {
		return i.without.RoundTrip(req)
	}
	return i.with.RoundTrip(req)
}

// CloseIdleConnections closes those of both.
func (i *identified) CloseIdleConnections() {
	closeIdle(i.with)
	closeIdle(i.without)
}

func closeIdle(rt http.RoundTripper) {
	if closer, ok := rt.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

func tlsConfig(cfg Config) *tls.Config {
	config := cfg.TLS
	if config == nil {
		config = &tls.Config{}
	}
	config = config.Clone()
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	if config.ClientSessionCache == nil {
		config.ClientSessionCache = tls.NewLRUClientSessionCache(maxOrigins)
	}
	config.NextProtos = []string{"h2", "http/1.1"}
	if cfg.HTTP1 {
		config.NextProtos = []string{"http/1.1"}
	}
	return config
}

// idle is how many idle connections are worth keeping in all.
func (cfg *Config) idle() int {
	limit, known := Descriptors()
	if !known {
		limit = 2 * maxIdle // Windows has handles enough
	}
	return idleFor(cfg.Connections, limit)
}

// idlePerHost is how many idle connections to one origin are worth keeping: as
// many as may be in flight to it.
func (cfg *Config) idlePerHost() int {
	if n := cfg.Hosts.perHost(cfg.PerHost); n > 0 {
		return min(n, max(1, cfg.Connections))
	}
	return max(1, cfg.Connections)
}

// readTimeouts gives each URL the read timeout of its origin; nil when all have
// the same.
func (cfg *Config) readTimeouts() func(*url.URL) time.Duration {
	if cfg.Hosts == nil {
		return nil
	}
	return func(u *url.URL) time.Duration {
		if host := cfg.Hosts.Of(Origin(u)); host != nil {
			return host.ReadTimeout
		}
		return cfg.ReadTimeout
	}
}
