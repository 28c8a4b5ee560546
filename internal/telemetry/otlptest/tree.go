package otlptest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// Tree prints spans for a golden file: a line each, below its parent and
// indented by two spaces, in the order of their starts. A line has the span's
// name, its kind unless INTERNAL, ERROR if it failed, those of the attributes
// named in show that it has, in that order, and the names of the spans it
// links to. Its events follow, each after a "-". A span whose parent is not
// among spans stands on the left; a parent in another process is named
// "remote".
//
//	specify fetch
//	  GET CLIENT ERROR http.response.status_code=503
//	  - backoff
//	  GET CLIENT http.response.status_code=200 http.request.resend_count=1
func Tree(spans []*tracepb.Span, show ...string) string {
	t := tree{byID: make(map[string]*tracepb.Span), children: make(map[string][]*tracepb.Span), show: show}
	for _, s := range spans {
		t.byID[string(s.GetSpanId())] = s
	}
	var roots []*tracepb.Span
	for _, s := range spans {
		if parent := string(s.GetParentSpanId()); parent != "" && t.byID[parent] != nil {
			t.children[parent] = append(t.children[parent], s)
		} else {
			roots = append(roots, s)
		}
	}
	t.print(roots, "")
	return t.out.String()
}

type tree struct {
	byID     map[string]*tracepb.Span
	children map[string][]*tracepb.Span
	show     []string
	out      strings.Builder
}

func (t *tree) print(spans []*tracepb.Span, indent string) {
	slices.SortStableFunc(spans, func(a, b *tracepb.Span) int {
		return cmp.Compare(a.GetStartTimeUnixNano(), b.GetStartTimeUnixNano())
	})
	for _, s := range spans {
		t.out.WriteString(indent + t.line(s) + "\n")
		for _, e := range s.GetEvents() {
			t.out.WriteString(indent + "- " + e.GetName() + t.attributes(e.GetAttributes()) + "\n")
		}
		t.print(t.children[string(s.GetSpanId())], indent+"  ")
	}
}

func (t *tree) line(s *tracepb.Span) string {
	var line strings.Builder
	line.WriteString(s.GetName())
	if kind := s.GetKind(); kind != tracepb.Span_SPAN_KIND_INTERNAL {
		line.WriteString(" " + strings.TrimPrefix(kind.String(), "SPAN_KIND_"))
	}
	if s.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR {
		line.WriteString(" ERROR")
	}
	line.WriteString(t.attributes(s.GetAttributes()))
	if id := string(s.GetParentSpanId()); id != "" && t.byID[id] == nil {
		line.WriteString(" < remote")
	}
	for _, l := range s.GetLinks() {
		name := "remote"
		if to := t.byID[string(l.GetSpanId())]; to != nil {
			name = to.GetName()
		}
		line.WriteString(" -> " + name)
	}
	return line.String()
}

func (t *tree) attributes(kvs []*commonpb.KeyValue) string {
	var line strings.Builder
	for _, key := range t.show {
		if v, ok := Attribute(kvs, key); ok {
			fmt.Fprintf(&line, " %s=%s", key, v)
		}
	}
	return line.String()
}

// Attribute returns the value of key in text.
func Attribute(kvs []*commonpb.KeyValue, key string) (string, bool) {
	for _, kv := range kvs {
		if kv.GetKey() == key {
			return text(kv.GetValue()), true
		}
	}
	return "", false
}

func text(v *commonpb.AnyValue) string {
	switch v := v.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return v.StringValue
	case *commonpb.AnyValue_IntValue:
		return strconv.FormatInt(v.IntValue, 10)
	case *commonpb.AnyValue_DoubleValue:
		return strconv.FormatFloat(v.DoubleValue, 'g', -1, 64)
	case *commonpb.AnyValue_BoolValue:
		return strconv.FormatBool(v.BoolValue)
	case *commonpb.AnyValue_ArrayValue:
		var parts []string
		for _, p := range v.ArrayValue.GetValues() {
			parts = append(parts, text(p))
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	return ""
}
