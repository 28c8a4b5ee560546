package httpx

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/specify-cli/specify/internal/runtime/httpx/direct"
)

const (
	maxHeader     = 256 << 10        // bytes of an answer's headers; net/http's own limit is 10 MiB
	idleTimeout   = 90 * time.Second // how long an idle connection is kept
	keepAliveTime = 30 * time.Second // between TCP keep-alive probes
)

// newTransport makes what sends requests: the direct transport for HTTP/1.1,
// and behind it http.Transport for HTTP/2 and anything unusual. Both share the
// dialer, the TLS settings and the limits.
func newTransport(cfg Config) http.RoundTripper {
	d := &dialer{net: net.Dialer{KeepAlive: keepAliveTime}}
	config := tlsConfig(cfg)
	rt := &direct.Transport{
		DialContext:            d.dial,
		TLSClientConfig:        config,
		MaxIdlePerHost:         cfg.idlePerHost(),
		MaxIdle:                cfg.Connections,
		IdleTimeout:            idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
		ConnectTimeout:         cfg.ConnectTimeout,
		ReadTimeout:            cfg.ReadTimeout,
		ReadTimeoutOf:          cfg.readTimeouts(),
	}
	rt.Fallback = &watchdog{silence: cfg.ReadTimeout, of: cfg.readTimeouts(), next: &http.Transport{
		DialContext:            d.dial,
		DialTLSContext:         rt.DialTLSContext,
		TLSClientConfig:        config,
		ForceAttemptHTTP2:      !cfg.HTTP1,
		DisableCompression:     true, // bodies are decoded, and checked to their end, in consume
		MaxIdleConns:           cfg.Connections,
		MaxIdleConnsPerHost:    cfg.idlePerHost(),
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
	}}
	return rt
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
