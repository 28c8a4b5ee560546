package telemetry

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/propagation"
)

// inject writes the span of ctx into the headers: traceparent and tracestate
// (W3C Trace Context), whatever OTEL_PROPAGATORS says, and never baggage,
// which a CI system fills for its own jobs and not for strangers.
func inject(ctx context.Context, h http.Header) {
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(h))
}

// trusts reports whether requests to u may carry the trace.
func (t *Telemetry) trusts(u *url.URL) bool {
	if len(t.trusted) == 0 {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	hostPort := net.JoinHostPort(host, port(u))
	for _, glob := range t.trusted {
		if matchGlob(glob, host) || matchGlob(glob, hostPort) {
			return true
		}
	}
	return false
}

// port returns u's port as a number in text, by its scheme if it names none.
func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// hostGlobs prepares Config.Propagate.
func hostGlobs(list []string) []string {
	var globs []string
	for _, g := range list {
		if g = strings.ToLower(strings.TrimSpace(g)); g != "" {
			globs = append(globs, g)
		}
	}
	return globs
}

// matchGlob reports whether name matches glob, in which "*" stands for any
// run of characters and everything else for itself (path.Match would take the
// brackets of an IPv6 address for a set).
func matchGlob(glob, name string) bool {
	head, rest, star := strings.Cut(glob, "*")
	if !star {
		return glob == name
	}
	name, ok := strings.CutPrefix(name, head)
	for ok {
		part, more, star := strings.Cut(rest, "*")
		if !star {
			return strings.HasSuffix(name, part)
		}
		_, name, ok = strings.Cut(name, part)
		rest = more
	}
	return false
}
