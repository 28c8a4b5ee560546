package otlptest_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tracecol "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

func ExampleTree() {
	spans := []*tracepb.Span{
		{SpanId: []byte("child"), ParentSpanId: []byte("root"), Name: "GET", Kind: tracepb.Span_SPAN_KIND_CLIENT, StartTimeUnixNano: 2,
			Status: &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR},
			Attributes: []*commonpb.KeyValue{{
				Key: "error.type", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: "503"}},
			}},
			Events: []*tracepb.Span_Event{{Name: "backoff"}}},
		{SpanId: []byte("root"), ParentSpanId: []byte("elsewhere"), Name: "specify fetch", Kind: tracepb.Span_SPAN_KIND_INTERNAL, StartTimeUnixNano: 1},
	}
	fmt.Print(otlptest.Tree(spans, "error.type"))
	// Output:
	// specify fetch < remote
	//   GET CLIENT ERROR error.type=503
	//   - backoff
}

// TestReceiver sends by hand what an exporter sends.
func TestReceiver(t *testing.T) {
	r := otlptest.NewReceiver(t)
	r.Script(otlptest.Status(http.StatusTeapot))
	batch := &tracecol.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{
		ScopeSpans: []*tracepb.ScopeSpans{{Spans: []*tracepb.Span{{Name: "op"}}}},
	}}}
	body, err := proto.Marshal(batch)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{http.StatusTeapot, http.StatusOK, http.StatusBadRequest} {
		data := body
		if want == http.StatusBadRequest {
			data = []byte("no protobuf")
		}
		resp, err := http.Post(r.URL()+"/v1/traces", "application/x-protobuf", bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("request %d: status %d, want %d", i, resp.StatusCode, want)
		}
	}
	if got := otlptest.Tree(r.Spans()); got != "op UNSPECIFIED\n" {
		t.Errorf("received %q", got)
	}
	if n := len(r.Headers()); n != 3 {
		t.Errorf("headers of %d requests, want 3", n)
	}
}

func TestReadFile(t *testing.T) {
	const line = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0AF7651916CD43DD8448EB211C80319C","spanId":"B7AD6B7169203331","name":"op"}]}]}]}`
	tests := map[string]string{
		line + "\n" + line + "\n": "",
		line + "\n" + line:        ":2: line without an end",
		"{\n":                     ":1: ",
		strings.ReplaceAll(line, "B7AD6B", "-") + "\n":  ":1: ",
		strings.ReplaceAll(line, "B7AD", "ZZZZ") + "\n": `:1: id of span "op"`,
	}
	for content, want := range tests {
		file := filepath.Join(t.TempDir(), "spans.json")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		resources, err := otlptest.ReadFile(file)
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: error %v, want %q", content, err, want)
			}
			continue
		}
		if err != nil || len(resources) != 2 {
			t.Errorf("%q: %d batches, error %v", content, len(resources), err)
			continue
		}
		if id := fmt.Sprintf("%x", otlptest.Flatten(resources)[0].GetTraceId()); id != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("trace id %s", id)
		}
	}
}

// TestBad shows that each bad collector is there, and bad: no client gets a
// whole, plain 2xx answer from it in half a second.
func TestBad(t *testing.T) {
	for _, bad := range otlptest.Bad {
		t.Run(bad.Name, func(t *testing.T) {
			t.Parallel()
			client := &http.Client{
				Timeout:       500 * time.Millisecond,
				Transport:     &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10},
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			}
			resp, err := client.Post(bad.Start(t)+"/v1/traces", "application/x-protobuf", nil)
			if err != nil {
				return
			}
			defer resp.Body.Close()
			n, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
			if resp.StatusCode/100 == 2 && err == nil && n < 1<<20 {
				t.Errorf("a good answer: %s, %d bytes", resp.Status, n)
			}
		})
	}
}
