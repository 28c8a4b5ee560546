package httpx

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/task"
)

// Config sets up a Client. Durations of 0 are no limit.
type Config struct {
	UserAgent   string
	Header      []task.Field // the flags' headers; a line's go over them
	ContentType string       // of bodies, unless a header says otherwise

	ConnectTimeout time.Duration // look-up, dial and TLS handshake
	ReadTimeout    time.Duration // silence: before the headers and within the body
	MaxTime        time.Duration // one attempt, redirects included, waits not

	NoRedirects  bool
	MaxRedirects int
	RedirectTo   []string // schemes that redirects may lead to besides those of the default
	MaxBody      int64    // bytes, decoded; 0 is no limit

	Retry       asynccore.RetryPolicy
	RetryOn     task.StatusSet
	RetryAll    bool // anything that is not certain to fail again
	RetryUnsafe bool // also methods that are not idempotent

	Connections int         // that may be idle: as many as there are slots
	PerHost     int         // of them, to one origin; 0 means all
	TLS         *tls.Config // nil is the default: verified, TLS 1.2 or later
	HTTP1       bool        // never HTTP/2

	Gate  *Gate
	Hooks Hooks
	// Base sends one request as it is; nil is an http.Transport made from the
	// fields above. Close closes its idle connections.
	Base http.RoundTripper
	// Span wraps the transport, so that each request on the wire gets a span;
	// nil does not.
	Span func(http.RoundTripper) http.RoundTripper
}

// Client fetches tasks. It is safe for concurrent use and belongs to whoever
// made it, who closes it.
type Client struct {
	cfg  Config
	gate *Gate
	http *http.Client
}

// maxHeader bounds the headers of an answer; net/http's own limit is 10 MiB.
const maxHeader = 256 << 10

// New returns a Client.
func New(cfg Config) *Client {
	if cfg.Base == nil {
		cfg.Base = newTransport(cfg)
	}
	c := &Client{cfg: cfg, gate: cfg.Gate}
	var wire http.RoundTripper = noIdleCloser{cfg.Base}
	if cfg.Span != nil {
		wire = cfg.Span(wire)
	}
	follow := redirects{max: cfg.MaxRedirects, follow: !cfg.NoRedirects, schemes: cfg.RedirectTo}
	c.http = &http.Client{
		Transport:     gated{&attempts{next: wire, readTimeout: cfg.ReadTimeout}},
		CheckRedirect: follow.check,
	}
	return c
}

// Close closes the idle connections. Fetches under way go on.
func (c *Client) Close() {
	if closer, ok := c.cfg.Base.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

func newTransport(cfg Config) *http.Transport {
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
	d := &dialer{timeout: cfg.ConnectTimeout, tls: config, net: net.Dialer{KeepAlive: 30 * time.Second}}
	return &http.Transport{
		DialContext:            d.dialTCP,
		DialTLSContext:         d.dialTLS,
		TLSClientConfig:        config,
		ForceAttemptHTTP2:      !cfg.HTTP1,
		DisableCompression:     true, // bodies are decoded, and checked to their end, in consume
		MaxIdleConns:           cfg.Connections,
		MaxIdleConnsPerHost:    cfg.idlePerHost(),
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: maxHeader,
		ReadBufferSize:         4 << 10,
		WriteBufferSize:        4 << 10,
	}
}

func (cfg *Config) idlePerHost() int {
	if cfg.PerHost > 0 {
		return cfg.PerHost
	}
	return max(1, cfg.Connections)
}

// noIdleCloser hides CloseIdleConnections, which go-retryablehttp calls on the
// shared client whenever it gives up on a request: one dead origin would make
// every other origin dial again (go-retryablehttp #237).
type noIdleCloser struct{ rt http.RoundTripper }

func (n noIdleCloser) RoundTrip(req *http.Request) (*http.Response, error) {
	return n.rt.RoundTrip(req)
}
