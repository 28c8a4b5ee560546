package telemetry

import (
	"net/url"
	"time"
)

// defaultSlow is what Config.Slow means when it is 0.
const defaultSlow = 10 * time.Second

// Config is what Start needs to know beyond the OTEL_* variables. The zero
// value is good: it exports as the variables say.
type Config struct {
	Service string // service.name, the executable's if empty; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win
	Version string // service.version; OTEL_RESOURCE_ATTRIBUTES wins

	// TraceFile names a file to which every exported span is appended as
	// OTLP/JSON, a batch a line. Spans wait for the file, so none is lost to a
	// full queue. A file that cannot be opened is an error of Start; one that
	// cannot be written any more costs its spans alone.
	TraceFile string

	// Propagate lists the hosts that get a traceparent (and tracestate)
	// header: "host", "host:port", with "*" for any run of characters, dots
	// included. A request that has a traceparent header already keeps it.
	Propagate []string

	// Redact prints a URL without its secrets. Without it the userinfo, the
	// query and the fragment are left out.
	Redact func(*url.URL) string

	// ErrorType names the class of an error for error.type where the error
	// itself has no ErrorType() string method. It must be of low cardinality;
	// "" leaves the choice to this package. May be nil.
	ErrorType func(error) string

	// ExitCode tells the exit code that a command's error will end in, for
	// process.exit.code. Without it the attribute is left out.
	ExitCode func(error) int

	// Slow is from which duration on a span, and with it its whole task, is
	// exported though the sampling ratio left it out. 0 means 10 s.
	Slow time.Duration
}

// withDefaults fills the fields that must not be nil or zero.
func (c Config) withDefaults() Config {
	if c.Service == "" {
		c.Service = executable()
	}
	if c.Redact == nil {
		c.Redact = bareURL
	}
	if c.Slow == 0 {
		c.Slow = defaultSlow
	}
	return c
}

// bareURL prints scheme, host and path: what cannot hold a credential.
func bareURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}
