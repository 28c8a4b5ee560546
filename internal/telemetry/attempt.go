package telemetry

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
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
	own     string   // the method as it was sent
	url     *url.URL // that it was sent to
	resends int64
	ended   atomic.Bool
}

// describe sets all that is known of the attempt, and whether it failed: once
// and at its end, since the span copies what it is given.
func (a *attempt) describe() {
	room := attributeRoom.Get().(*[]attribute.KeyValue)
	defer attributeRoom.Put(room)
	kvs := append((*room)[:0],
		semconv.HTTPRequestMethodKey.String(a.method),
		semconv.ServerAddress(a.url.Hostname()),
		semconv.URLFull(a.t.conf.Redact(a.url)),
	)
	if n, err := strconv.Atoi(port(a.url)); err == nil {
		kvs = append(kvs, semconv.ServerPort(n))
	}
	if a.method == otherMethod {
		kvs = append(kvs, semconv.HTTPRequestMethodOriginal(a.own))
	}
	if a.resends > 0 {
		kvs = append(kvs, semconv.HTTPRequestResendCount(int(a.resends)))
	}
	if a.status != 0 {
		kvs = append(kvs, semconv.HTTPResponseStatusCode(a.status), semconv.NetworkProtocolVersion(a.protocol))
	}
	if a.errorType != "" {
		kvs = append(kvs, failed(a.span, a.errorType))
	}
	a.span.SetAttributes(kvs...)
	*room = kvs
}

// attributeRoom holds slices to put an attempt's attributes together in.
var attributeRoom = sync.Pool{New: func() any { return new([]attribute.KeyValue) }}

// answered notes the answer and arranges for the end of the span.
func (a *attempt) answered(resp *http.Response) {
	a.status = resp.StatusCode
	a.protocol = protocolVersion(resp)
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
	if a.span.IsRecording() {
		a.describe()
	}
	a.span.End()
	if m := a.t.meters; m != nil {
		m.duration.Record(a.ctx, time.Since(a.start).Seconds(), m.requests.of(a.request)...)
	}
}
