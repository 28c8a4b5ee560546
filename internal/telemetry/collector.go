package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

const (
	localCollector = "http://localhost:4318" // the specification's default; the Go exporter's is https

	maxAnswer  = 64 << 10 // bytes of a collector's answer that are read
	retryFirst = 200 * time.Millisecond
	retryMost  = 5 * time.Second
	retryTotal = 30 * time.Second
)

// newTraceExporter makes the exporter to the collector that the environment
// names. It opens no connection yet.
func newTraceExporter(ctx context.Context, s signal) (sdktrace.SpanExporter, error) {
	opts := []otlptracehttp.Option{
		otlptracehttp.WithHTTPClient(collectorClient(s)),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
			Enabled: true, InitialInterval: retryFirst, MaxInterval: retryMost, MaxElapsedTime: retryTotal,
		}),
	}
	if s.nowhere {
		opts = append(opts, otlptracehttp.WithEndpointURL(localCollector+"/v1/traces"))
	}
	if s.json {
		opts = append(opts, otlptracehttp.WithEncoding(otlptracehttp.EncodingJSON))
	}
	return otlptracehttp.New(ctx, opts...)
}

// newMetricExporter does the same for metrics, which are sent as protobuf
// always: the Go exporter knows no JSON.
func newMetricExporter(ctx context.Context, s signal) (sdkmetric.Exporter, error) {
	opts := []otlpmetrichttp.Option{
		otlpmetrichttp.WithHTTPClient(collectorClient(s)),
		otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{
			Enabled: true, InitialInterval: retryFirst, MaxInterval: retryMost, MaxElapsedTime: retryTotal,
		}),
	}
	if s.nowhere {
		opts = append(opts, otlpmetrichttp.WithEndpointURL(localCollector+"/v1/metrics"))
	}
	return otlpmetrichttp.New(ctx, opts...)
}

// collectorClient returns a client that trusts the collector with nothing: it
// follows no redirect, since the OTLP headers may hold credentials, and reads
// little.
func collectorClient(s signal) *http.Client {
	return &http.Client{
		Timeout:       s.timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &collector{transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSClientConfig:        s.tls,
			TLSHandshakeTimeout:    5 * time.Second,
			ForceAttemptHTTP2:      true,
			DisableKeepAlives:      true, // an export every few seconds; and what an idle peer says, net/http logs
			MaxResponseHeaderBytes: maxAnswer,
			DisableCompression:     true, // an answer needs none; a bomb would
		}},
	}
}

// collector reads a collector's answer for the exporter: at most maxAnswer
// bytes of it, and of a refusal none, for it may echo what was sent. It notes
// what was accepted for the pipe.
type collector struct{ transport *http.Transport }

var _ http.RoundTripper = (*collector)(nil)

// RoundTrip sends one batch.
func (c *collector) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body := resp.Body
	defer body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		resp.Body = http.NoBody
		return resp, nil
	}
	answer, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read the collector's answer: %w", err)
	}
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("the collector's answer is longer than %d bytes", maxAnswer)
	}
	accept(req.Context(), rejectedSpans(resp.Header.Get("Content-Type"), answer))
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	return resp, nil
}

// rejectedSpans reads the count out of a partial success, 0 if there is none.
// The answer to metrics has the same shape.
func rejectedSpans(contentType string, answer []byte) int64 {
	var resp collectorpb.ExportTraceServiceResponse
	switch kind, _, _ := mime.ParseMediaType(contentType); kind {
	case "application/x-protobuf":
		if proto.Unmarshal(answer, &resp) != nil {
			return 0
		}
	case "application/json":
		if (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(answer, &resp) != nil {
			return 0
		}
	}
	return resp.GetPartialSuccess().GetRejectedSpans()
}
