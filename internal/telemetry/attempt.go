package telemetry

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// attempt is one request on the wire, until its body ends.
type attempt struct {
	t     *Telemetry
	ctx   context.Context
	span  trace.Span
	start time.Time
	request
	ended atomic.Bool
}

// describe sets what is known before the request is sent.
func (a *attempt) describe(req *http.Request, resends int64) {
	kvs := append(make([]attribute.KeyValue, 0, 6), // one call: each copies
		semconv.HTTPRequestMethodKey.String(a.method),
		semconv.ServerAddress(req.URL.Hostname()),
		semconv.URLFull(a.t.conf.Redact(req.URL)),
	)
	if n, err := strconv.Atoi(port(req.URL)); err == nil {
		kvs = append(kvs, semconv.ServerPort(n))
	}
	if a.method == otherMethod {
		kvs = append(kvs, semconv.HTTPRequestMethodOriginal(req.Method))
	}
	if resends > 0 {
		kvs = append(kvs, semconv.HTTPRequestResendCount(int(resends)))
	}
	a.span.SetAttributes(kvs...)
}

// answered notes the answer and arranges for the end of the span.
func (a *attempt) answered(resp *http.Response) {
	a.status = resp.StatusCode
	a.protocol = protocolVersion(resp)
	if a.span.IsRecording() {
		a.span.SetAttributes(semconv.HTTPResponseStatusCode(a.status), semconv.NetworkProtocolVersion(a.protocol))
	}
	if resp.Body == nil || resp.Body == http.NoBody {
		a.end(nil)
		return
	}
	resp.Body = watch(resp.Body, a)
}

// end ends the span and takes the measurement; only its first call counts, as
// a body may be closed while it is read. io.EOF is no error.
func (a *attempt) end(err error) {
	if !a.ended.CompareAndSwap(false, true) {
		return
	}
	switch {
	case a.status >= 400: // whatever became of its body
		a.errorType = strconv.Itoa(a.status)
	case err != nil && err != io.EOF:
		a.errorType = a.t.errorType(a.ctx, err)
	}
	if a.errorType != "" && a.span.IsRecording() {
		failed(a.span, a.errorType)
	}
	a.span.End()
	if m := a.t.meters; m != nil {
		m.duration.Record(a.ctx, time.Since(a.start).Seconds(), m.requests.of(a.request)...)
	}
}
