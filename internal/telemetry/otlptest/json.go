package otlptest

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	tracecol "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// ReadFile reads a file of OTLP/JSON lines, a batch a line.
func ReadFile(name string) ([]*tracepb.ResourceSpans, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []*tracepb.ResourceSpans
	lines := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: line without an end: %w", name, n, err)
		}
		var batch tracecol.ExportTraceServiceRequest
		if err := unmarshalJSON(line, &batch); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		all = append(all, batch.GetResourceSpans()...)
	}
}

// unmarshalJSON reads OTLP/JSON, which is protobuf's JSON but for the ids:
// those are hexadecimal in place of base64. Hexadecimal of that length is
// valid base64, too; so what protojson made of it is undone.
func unmarshalJSON(data []byte, m proto.Message) error {
	if err := protojson.Unmarshal(data, m); err != nil {
		return err
	}
	batch, ok := m.(*tracecol.ExportTraceServiceRequest)
	if !ok {
		return nil
	}
	for _, s := range Flatten(batch.GetResourceSpans()) {
		ids := []*[]byte{&s.TraceId, &s.SpanId, &s.ParentSpanId}
		for _, l := range s.GetLinks() {
			ids = append(ids, &l.TraceId, &l.SpanId)
		}
		for _, id := range ids {
			raw, err := hex.DecodeString(base64.StdEncoding.EncodeToString(*id))
			if err != nil {
				return fmt.Errorf("id of span %q: %w", s.GetName(), err)
			}
			*id = raw
		}
	}
	return nil
}

// Flatten returns the spans of all resources and scopes in order.
func Flatten(resources []*tracepb.ResourceSpans) []*tracepb.Span {
	var spans []*tracepb.Span
	for _, rs := range resources {
		for _, ss := range rs.GetScopeSpans() {
			spans = append(spans, ss.GetSpans()...)
		}
	}
	return spans
}
