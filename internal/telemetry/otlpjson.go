package telemetry

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/specify-cli/specify/internal/telemetry/otlpproto"
)

// This is the JSON encoding of OTLP
// (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding) for the
// spans that this package makes. The official encoder builds protobuf messages
// first and reflects over them: measured, 11 µs a span where this takes 1.

// appendLine appends a line of spans, which are of one resource and one scope.
func appendLine(b []byte, spans []sdktrace.ReadOnlySpan) []byte {
	res, scope := spans[0].Resource(), spans[0].InstrumentationScope()
	b = appendHead(b, res, scope)
	for i, s := range spans {
		b = appendSeparator(b, i, "")
		b = appendSpan(b, s)
	}
	return appendTail(b, res, scope)
}

// appendHead begins a line: all that stands before the first span.
func appendHead(b []byte, res *resource.Resource, scope instrumentation.Scope) []byte {
	b = append(b, `{"resourceSpans":[{"resource":{"attributes":`...)
	b = appendAttributes(b, res.Attributes())
	b = append(b, `},"scopeSpans":[{"scope":{"name":`...)
	b = appendString(b, scope.Name)
	b = append(b, `,"version":`...)
	b = appendString(b, scope.Version)
	return append(b, `},"spans":[`...)
}

// appendTail ends a line that holds a span, with the line feed.
func appendTail(b []byte, res *resource.Resource, scope instrumentation.Scope) []byte {
	b = append(b, `],"schemaUrl":`...)
	b = appendString(b, scope.SchemaURL)
	b = append(b, `}],"schemaUrl":`...)
	b = appendString(b, res.SchemaURL())
	return append(b, "}]}\n"...)
}

func appendSpan(b []byte, s sdktrace.ReadOnlySpan) []byte {
	sc, parent := s.SpanContext(), s.Parent()
	traceID, spanID := sc.TraceID(), sc.SpanID()
	b = append(b, `{"traceId":"`...)
	b = hex.AppendEncode(b, traceID[:])
	b = append(b, `","spanId":"`...)
	b = hex.AppendEncode(b, spanID[:])
	if id := parent.SpanID(); id.IsValid() {
		b = append(b, `","parentSpanId":"`...)
		b = hex.AppendEncode(b, id[:])
	}
	b = append(b, `","flags":`...)
	b = strconv.AppendUint(b, uint64(otlpproto.Flags(sc, parent.IsRemote())), 10)
	if state := sc.TraceState(); state.Len() > 0 {
		b = append(b, `,"traceState":`...)
		b = appendString(b, state.String())
	}
	b = append(b, `,"name":`...)
	b = appendString(b, s.Name())
	b = append(b, `,"kind":`...)
	b = strconv.AppendInt(b, int64(s.SpanKind()), 10) // the same numbers
	b = append(b, `,"startTimeUnixNano":`...)
	b = appendTime(b, s.StartTime())
	b = append(b, `,"endTimeUnixNano":`...)
	b = appendTime(b, s.EndTime())
	b = append(b, `,"attributes":`...)
	b = appendAttributes(b, s.Attributes())
	b = appendDropped(b, "Attributes", s.DroppedAttributes())
	b = appendEvents(b, s.Events())
	b = appendDropped(b, "Events", s.DroppedEvents())
	b = appendLinks(b, s.Links())
	b = appendDropped(b, "Links", s.DroppedLinks())
	if s.Status().Code == codes.Error {
		return append(b, `,"status":{"code":2}}`...) // without a description: see failed
	}
	return append(b, `,"status":{}}`...)
}

func appendEvents(b []byte, events []sdktrace.Event) []byte {
	for i, e := range events {
		b = appendSeparator(b, i, `,"events":[`)
		b = append(b, `{"timeUnixNano":`...)
		b = appendTime(b, e.Time)
		b = append(b, `,"name":`...)
		b = appendString(b, e.Name)
		b = append(b, `,"attributes":`...)
		b = appendAttributes(b, e.Attributes)
		b = appendDropped(b, "Attributes", e.DroppedAttributeCount)
		b = append(b, '}')
	}
	return appendEnd(b, len(events))
}

func appendLinks(b []byte, links []sdktrace.Link) []byte {
	for i, l := range links {
		b = appendSeparator(b, i, `,"links":[`)
		traceID, spanID := l.SpanContext.TraceID(), l.SpanContext.SpanID()
		b = append(b, `{"traceId":"`...)
		b = hex.AppendEncode(b, traceID[:])
		b = append(b, `","spanId":"`...)
		b = hex.AppendEncode(b, spanID[:])
		b = append(b, `","flags":`...)
		b = strconv.AppendUint(b, uint64(otlpproto.Flags(l.SpanContext, l.SpanContext.IsRemote())), 10)
		b = append(b, '}')
	}
	return appendEnd(b, len(links))
}

// appendSeparator begins a list before its first element, and goes on with it
// before the others.
func appendSeparator(b []byte, i int, begin string) []byte {
	if i > 0 {
		begin = ","
	}
	return append(b, begin...)
}

func appendEnd(b []byte, n int) []byte {
	if n == 0 {
		return b
	}
	return append(b, ']')
}

func appendDropped(b []byte, what string, n int) []byte {
	if n <= 0 {
		return b
	}
	b = append(append(append(b, `,"dropped`...), what...), `Count":`...)
	return strconv.AppendInt(b, int64(n), 10)
}

// appendTime appends a 64-bit number, which is a string in protobuf's JSON.
func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = strconv.AppendInt(b, max(0, t.UnixNano()), 10)
	return append(b, '"')
}

func appendAttributes(b []byte, kvs []attribute.KeyValue) []byte {
	b = append(b, '[')
	for i, kv := range kvs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"key":`...)
		b = appendString(b, string(kv.Key))
		b = append(b, `,"value":`...)
		b = appendValue(b, kv.Value)
		b = append(b, '}')
	}
	return append(b, ']')
}

// appendValue appends the types that attributes.go makes; another one as text.
func appendValue(b []byte, v attribute.Value) []byte {
	switch v.Type() {
	case attribute.BOOL:
		b = append(b, `{"boolValue":`...)
		b = strconv.AppendBool(b, v.AsBool())
	case attribute.INT64:
		b = append(b, `{"intValue":"`...)
		b = strconv.AppendInt(b, v.AsInt64(), 10)
		b = append(b, '"')
	case attribute.FLOAT64:
		b = append(b, `{"doubleValue":`...)
		b = appendFloat(b, v.AsFloat64())
	case attribute.STRINGSLICE:
		b = append(b, `{"arrayValue":{"values":[`...)
		for i, s := range v.AsStringSlice() {
			b = appendSeparator(b, i, "")
			b = appendValue(b, attribute.StringValue(s))
		}
		b = append(b, `]}`...)
	case attribute.STRING:
		b = append(b, `{"stringValue":`...)
		b = appendString(b, v.AsString())
	default:
		b = append(b, `{"stringValue":`...)
		b = appendString(b, v.String())
	}
	return append(b, '}')
}

// appendFloat names what JSON has no numbers for as protobuf's JSON does.
func appendFloat(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

// appendString appends s as JSON; what is not UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return appendEscaped(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendEscaped(b []byte, s string) []byte {
	text, err := json.Marshal(strings.ToValidUTF8(s, "\ufffd"))
	if err != nil {
		return append(b, `""`...) // a string has no error
	}
	return append(b, text...)
}

// rejectedJSON reads the partial success out of a collector's answer, as
// otlpproto.Rejected does.
func rejectedJSON(answer []byte) (n int64, reason string, err error) {
	var parsed struct {
		PartialSuccess struct {
			RejectedSpans json.Number // a string or a number
			ErrorMessage  string
		}
	}
	if err := json.Unmarshal(answer, &parsed); err != nil {
		return 0, "", fmt.Errorf("the collector's answer: %w", err)
	}
	n, _ = parsed.PartialSuccess.RejectedSpans.Int64()
	return n, parsed.PartialSuccess.ErrorMessage, nil
}
