package otlptest

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	metricscol "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	tracecol "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Receiver is an OTLP/HTTP collector on a loopback port that keeps what it is
// sent. It takes protobuf and JSON, plain and gzip.
type Receiver struct {
	server *httptest.Server

	mu      sync.Mutex // guards all below
	spans   []*tracepb.ResourceSpans
	metrics []*metricspb.ResourceMetrics
	headers []http.Header
	script  []http.HandlerFunc
}

// NewReceiver starts a receiver, which ends with the test.
func NewReceiver(tb testing.TB) *Receiver {
	tb.Helper()
	r := &Receiver{}
	r.server = httptest.NewServer(http.HandlerFunc(r.serve))
	tb.Cleanup(r.server.Close)
	return r
}

// URL is what OTEL_EXPORTER_OTLP_ENDPOINT takes.
func (r *Receiver) URL() string { return r.server.URL }

// Script answers the next requests in place of the receiver, one each, in
// order. What such a request brings is not kept.
func (r *Receiver) Script(answers ...http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.script = append(r.script, answers...)
}

// Status is an answer for Script: a status, and headers in pairs.
func Status(code int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
	}
}

// Reject is an answer for Script: a success but for n spans.
func Reject(n int64) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		answer, err := proto.Marshal(&tracecol.ExportTraceServiceResponse{
			PartialSuccess: &tracecol.ExportTracePartialSuccess{RejectedSpans: n, ErrorMessage: "scripted"},
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(answer)
	}
}

// Spans returns the spans received so far, in the order of their arrival.
func (r *Receiver) Spans() []*tracepb.Span { return Flatten(r.Resources()) }

// Resources returns the spans received so far with their resources.
func (r *Receiver) Resources() []*tracepb.ResourceSpans {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.spans)
}

// Metrics returns the metrics of the newest export that had any of that name.
func (r *Receiver) Metrics() map[string]*metricspb.Metric {
	r.mu.Lock()
	defer r.mu.Unlock()
	byName := make(map[string]*metricspb.Metric)
	for _, rm := range r.metrics {
		for _, sm := range rm.GetScopeMetrics() {
			for _, m := range sm.GetMetrics() {
				byName[m.GetName()] = m
			}
		}
	}
	return byName
}

// Headers returns the headers of each request received, scripted ones too.
func (r *Receiver) Headers() []http.Header {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.headers)
}

func (r *Receiver) serve(w http.ResponseWriter, req *http.Request) {
	if answer := r.next(req); answer != nil {
		_, _ = io.Copy(io.Discard, req.Body)
		answer(w, req)
		return
	}
	if err := r.keep(req); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (r *Receiver) next(req *http.Request) http.HandlerFunc {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.headers = append(r.headers, req.Header.Clone())
	if len(r.script) == 0 {
		return nil
	}
	answer := r.script[0]
	r.script = r.script[1:]
	return answer
}

func (r *Receiver) keep(req *http.Request) error {
	body := io.Reader(req.Body)
	if req.Header.Get("Content-Encoding") == "gzip" {
		gz, err := gzip.NewReader(req.Body)
		if err != nil {
			return err
		}
		body = gz
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}

	unmarshal := proto.Unmarshal
	if req.Header.Get("Content-Type") == "application/json" {
		unmarshal = unmarshalJSON
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if req.URL.Path == "/v1/metrics" {
		var m metricscol.ExportMetricsServiceRequest
		err = unmarshal(data, &m)
		r.metrics = append(r.metrics, m.GetResourceMetrics()...)
		return err
	}
	var t tracecol.ExportTraceServiceRequest
	err = unmarshal(data, &t)
	r.spans = append(r.spans, t.GetResourceSpans()...)
	return err
}
