package httpx

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/httpx/netrc"
	"github.com/specify-cli/specify/internal/runtime/httpx/route"
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

	Connections int         // in flight at most: as many as there are slots
	PerHost     int         // of them, to one origin; 0 means all
	TLS         *tls.Config // nil is the default: verified, TLS 1.2 or later
	HTTP1       bool        // never HTTP/2
	Proxies     route.Proxies
	Resolve     route.Resolve
	Deny        route.Deny

	User   *url.Userinfo // for every request, unless a header says otherwise; nil is none
	Bearer string        // a token, likewise; goes over User
	Netrc  netrc.File    // for requests that no other field, and not the URL, names a user for

	Gate  *Gate
	Hosts *Hosts // whose tasks are done otherwise; nil is none
	Hooks Hooks
	// Base sends one request as it is; nil is a transport made from the
	// fields above. Close closes its idle connections.
	Base http.RoundTripper
	// Span wraps the transport, so that each request on the wire gets a span; nil
	// does not. What it returns must not look at a request, its context or its
	// answer any more when the body has ended: they are used again.
	Span func(http.RoundTripper) http.RoundTripper
}

// Client fetches tasks. It is safe for concurrent use and belongs to whoever
// made it, who closes it.
type Client struct {
	cfg  Config
	gate *Gate
	http *http.Client

	short sync.Once // told of the first shortage

	plain  plainHeader
	plains map[*Host]*plainHeader // of the Hosts; not changed
}

// New returns a Client.
func New(cfg Config) *Client {
	if cfg.Base == nil {
		cfg.Base = newTransport(cfg)
	} else {
		cfg.Base = &watchdog{next: cfg.Base}
	}
	c := &Client{cfg: cfg, gate: cfg.Gate, plains: make(map[*Host]*plainHeader)}
	if cfg.Hosts != nil {
		for i := range cfg.Hosts.list {
			c.plains[&cfg.Hosts.list[i]] = new(plainHeader)
		}
	}
	var wire http.RoundTripper = noIdleCloser{cfg.Base}
	if cfg.Span != nil {
		wire = cfg.Span(wire)
	}
	follow := redirects{max: cfg.MaxRedirects, follow: !cfg.NoRedirects, schemes: cfg.RedirectTo}
	c.http = &http.Client{
		Transport:     gated{&attempts{next: wire}},
		CheckRedirect: follow.check,
	}
	return c
}

// Close closes the idle connections. Fetches under way go on.
func (c *Client) Close() { closeIdle(c.cfg.Base) }

// noIdleCloser hides CloseIdleConnections, which go-retryablehttp calls on the
// shared client whenever it gives up on a request: one dead origin would make
// every other origin dial again (go-retryablehttp #237).
type noIdleCloser struct{ rt http.RoundTripper }

func (n noIdleCloser) RoundTrip(req *http.Request) (*http.Response, error) {
	return n.rt.RoundTrip(req)
}
