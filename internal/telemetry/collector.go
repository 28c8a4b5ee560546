package telemetry

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/telemetry/otlpproto"
)

const (
	protobufType = "application/x-protobuf"
	jsonType     = "application/json"

	spanSize  = 512      // bytes that a span takes, or less
	maxAnswer = 64 << 10 // bytes of a collector's answer that are read
)

// patience is with a collector that says that it has no time now.
var patience = asynccore.RetryPolicy{Max: 100, Base: 200 * time.Millisecond, Cap: 5 * time.Second, MaxTime: 30 * time.Second}

// collector is one endpoint of an OTLP/HTTP collector, for spans or for metrics.
// It is trusted with nothing: no redirect is followed, since the headers may hold
// credentials, little is read of an answer, and of a refusal nothing, for it may
// echo what was sent. It is safe for concurrent use and holds no connection
// between two batches.
type collector struct {
	signal signal
	agent  string // User-Agent
	client *http.Client
}

// newCollector opens no connection yet.
func newCollector(s signal, version string) *collector {
	agent := "specify"
	if version != "" {
		agent += "/" + version
	}
	return &collector{signal: s, agent: agent, client: &http.Client{
		Timeout:       s.timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSClientConfig:        s.tls,
			TLSHandshakeTimeout:    5 * time.Second,
			ForceAttemptHTTP2:      true,
			DisableKeepAlives:      true, // an export every few seconds; and what an idle peer says, net/http logs
			MaxResponseHeaderBytes: maxAnswer,
			DisableCompression:     true, // an answer needs none; a bomb would
		},
	}}
}

// sendSpans sends one batch, and returns how many of it were accepted. Where
// these are not all there is an error, and there may be one where they are.
func (c *collector) sendSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) (accepted int64, err error) {
	var rejected int64
	body := make([]byte, 0, spanSize*len(spans)) // not used again: net/http may still read it when the request has ended
	if c.signal.json {
		rejected, err = c.send(ctx, jsonType, appendLine(body, spans))
	} else {
		rejected, err = c.send(ctx, protobufType, otlpproto.AppendSpans(body, spans))
	}
	if err != nil {
		err = fmt.Errorf("traces export: %w", err)
	}
	n := int64(len(spans))
	return n - min(max(rejected, 0), n), err
}

// sendMetrics sends the state of all metrics, always as protobuf.
func (c *collector) sendMetrics(ctx context.Context, data *metricdata.ResourceMetrics) error {
	_, err := c.send(ctx, protobufType, otlpproto.AppendMetrics(nil, data))
	if err != nil {
		return fmt.Errorf("metrics export: %w", err)
	}
	return nil
}

// everything is what is rejected when there was no success.
const everything = 1<<63 - 1

// send posts body, again where it is worth it, and returns how much of it was
// rejected: everything, unless there was a success.
func (c *collector) send(ctx context.Context, contentType string, body []byte) (rejected int64, err error) {
	encoding := ""
	if c.signal.gzip {
		encoding = "gzip"
		body = compressed(body)
	}
	answer, err := asynccore.Retry(ctx, patience, func(ctx context.Context, _ int) (success, error) {
		return c.post(ctx, contentType, encoding, body)
	})
	if err != nil {
		return everything, err
	}
	rejected, reason, err := answer.partial()
	if err == nil && (rejected != 0 || reason != "") {
		err = fmt.Errorf("partial success, %d rejected: %s", rejected, reason)
	}
	return rejected, err
}

// compressed returns body as gzip.
func compressed(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(body) // a buffer has no errors
	_ = w.Close()
	return b.Bytes()
}

// post makes one request. Its error is permanent unless the specification, or a
// request that took too long, gives hope.
func (c *collector) post(ctx context.Context, contentType, encoding string, body []byte) (success, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.signal.endpoint, bytes.NewReader(body))
	if err != nil {
		return success{}, asynccore.Permanent(err)
	}
	req.Header.Set("User-Agent", c.agent)
	for name, value := range c.signal.headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Content-Type", contentType)
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return success{}, unsent(req.URL, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return success{}, newRefusal(req.URL, resp)
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(answer) > maxAnswer {
		err = fmt.Errorf("it is longer than %d bytes", maxAnswer)
	}
	if err != nil {
		return success{}, asynccore.Permanent(fmt.Errorf("read the collector's answer: %w", err))
	}
	return success{contentType: resp.Header.Get("Content-Type"), body: answer}, nil
}

// unsent is the error of a request without an answer. The client's own tells the
// whole URL, whose query may hold a key.
func unsent(u *url.URL, err error) error {
	slow := false
	if e, ok := errors.AsType[*url.Error](err); ok {
		err, slow = e.Err, e.Timeout()
	}
	err = fmt.Errorf("failed to send to %s: %w", bareURL(u), err)
	if slow {
		return err
	}
	return asynccore.Permanent(err)
}

// refusal is an answer that is no success.
type refusal struct {
	text       string
	retryAfter time.Duration
}

func newRefusal(u *url.URL, resp *http.Response) error {
	e := &refusal{text: "failed to send to " + bareURL(u) + ": " + resp.Status}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		e.retryAfter, _ = asynccore.ParseRetryAfter(resp.Header.Get("Retry-After"), time.Now())
		return e
	}
	return asynccore.Permanent(e)
}

func (e *refusal) Error() string { return e.text }

// RetryAfter is the least wait that was asked for.
func (e *refusal) RetryAfter() time.Duration { return e.retryAfter }

// success is an answer of 200 to 299.
type success struct {
	contentType string
	body        []byte
}

// partial reads how much was rejected all the same, and why. The answer to
// metrics has the shape of that to spans.
func (s success) partial() (rejected int64, reason string, err error) {
	kind, _, _ := mime.ParseMediaType(s.contentType)
	switch {
	case len(s.body) == 0:
	case kind == protobufType:
		return otlpproto.Rejected(s.body)
	case kind == jsonType:
		return rejectedJSON(s.body)
	}
	return 0, "", nil
}
