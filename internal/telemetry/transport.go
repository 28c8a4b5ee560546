package telemetry

import (
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// Transport wraps next, which sends one request and follows nothing, so that
// each attempt and each redirect hop is a CLIENT span after the semantic
// conventions for HTTP (stable), and a measurement. The span ends when the
// body is read to its end, fails, or is closed. When t is off it returns next
// itself.
func (t *Telemetry) Transport(next http.RoundTripper) http.RoundTripper {
	if t.off() {
		return next
	}
	return &transport{t: t, next: next}
}

type transport struct {
	t    *Telemetry
	next http.RoundTripper
}

var _ http.RoundTripper = (*transport)(nil)

// RoundTrip sends one attempt.
func (tr *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	a := &attempt{
		t: tr.t, start: time.Now(), own: req.Method, url: req.URL, resends: resend(req.Context()),
		request: request{method: knownMethod(req.Method), scheme: req.URL.Scheme},
	}
	name := a.request.method
	if name == otherMethod {
		name = "HTTP"
	}
	a.ctx, a.span = tr.t.tracer.Start(req.Context(), name, clientSpan...)

	out := req
	if tr.t.trusts(req.URL) && req.Header.Get("Traceparent") == "" {
		out = req.Clone(a.ctx)
		inject(a.ctx, out.Header)
	}

	resp, err := tr.next.RoundTrip(out)
	if err != nil {
		a.end(err)
		return resp, err
	}
	if resp.Request == out {
		resp.Request = req // a wrapper that is not there leaves no trace
	}
	a.answered(resp)
	return resp, nil
}

// CloseIdleConnections passes on what http.Client asks for.
func (tr *transport) CloseIdleConnections() {
	if c, ok := tr.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// clientSpan is made once: an option a span would be two allocations more.
var clientSpan = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindClient)}

// otherMethod is the conventions' name for a method that they do not know: a
// list may hold any.
const otherMethod = "_OTHER"

func knownMethod(method string) string {
	switch method {
	case "": // net/http's GET
		return http.MethodGet
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace, "QUERY":
		return method
	}
	return otherMethod
}

// protocolVersion is "1.1" for HTTP/1.1 and "2" for HTTP/2.0.
func protocolVersion(resp *http.Response) string {
	return strings.TrimSuffix(strings.TrimPrefix(resp.Proto, "HTTP/"), ".0")
}
