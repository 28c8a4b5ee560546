package otlpproto

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// The numbers of fields below are those of
// https://github.com/open-telemetry/opentelemetry-proto, which never change.

// The bits above the W3C flags (opentelemetry.proto.trace.v1.SpanFlags).
const (
	flagRemoteKnown = 0x100
	flagRemote      = 0x200
)

// AppendSpans appends an ExportTraceServiceRequest. The spans, one at least, are
// of one resource and one scope.
func AppendSpans(b []byte, spans []sdktrace.ReadOnlySpan) []byte {
	res, scope := spans[0].Resource(), spans[0].InstrumentationScope()
	b, resourceSpans := begin(b, 1)
	b = appendResource(b, res)
	b, scopeSpans := begin(b, 2)
	b = appendScope(b, scope)
	for _, s := range spans {
		b = appendSpan(b, 2, s)
	}
	b = appendText(b, 3, scope.SchemaURL)
	b = end(b, scopeSpans)
	b = appendText(b, 3, res.SchemaURL())
	return end(b, resourceSpans)
}

// appendResource appends the first field of ResourceSpans and ResourceMetrics.
func appendResource(b []byte, res *resource.Resource) []byte {
	b, at := begin(b, 1)
	b = appendAttributes(b, 1, res.Iter())
	return end(b, at)
}

// appendScope appends the first field of ScopeSpans and ScopeMetrics.
func appendScope(b []byte, scope instrumentation.Scope) []byte {
	b, at := begin(b, 1)
	b = appendText(b, 1, scope.Name)
	b = appendText(b, 2, scope.Version)
	return end(b, at)
}

func appendSpan(b []byte, field uint64, s sdktrace.ReadOnlySpan) []byte {
	sc, parent := s.SpanContext(), s.Parent()
	b, at := begin(b, field)
	b = appendIDs(b, sc)
	b = appendText(b, 3, sc.TraceState().String())
	if id := parent.SpanID(); id.IsValid() {
		b = appendBytes(b, 4, id[:])
	}
	b = appendText(b, 5, s.Name())
	b = appendUint(b, 6, uint64(s.SpanKind())) // the same numbers
	b = appendTime(b, 7, s.StartTime())
	b = appendTime(b, 8, s.EndTime())
	b = appendKeyValues(b, 9, s.Attributes())
	b = appendUint(b, 10, uint64(s.DroppedAttributes()))
	b = appendEvents(b, 11, s.Events())
	b = appendUint(b, 12, uint64(s.DroppedEvents()))
	b = appendLinks(b, 13, s.Links())
	b = appendUint(b, 14, uint64(s.DroppedLinks()))
	b, status := begin(b, 15)
	if s.Status().Code == codes.Error {
		b = appendUint(b, 3, 2) // without a description, as in JSON
	}
	b = end(b, status)
	b = appendFixed32(b, 16, Flags(sc, parent.IsRemote()))
	return end(b, at)
}

// appendIDs appends the first two fields of a span and of a link.
func appendIDs(b []byte, sc trace.SpanContext) []byte {
	traceID, spanID := sc.TraceID(), sc.SpanID()
	b = appendBytes(b, 1, traceID[:])
	return appendBytes(b, 2, spanID[:])
}

// Flags are those of a span, or of a link: the W3C flags of sc, and whether its
// parent, or what it links to, is another process's, which is always known.
func Flags(sc trace.SpanContext, remote bool) uint32 {
	all := uint32(sc.TraceFlags()) | flagRemoteKnown
	if remote {
		all |= flagRemote
	}
	return all
}

func appendEvents(b []byte, field uint64, events []sdktrace.Event) []byte {
	var at int
	for _, e := range events {
		b, at = begin(b, field)
		b = appendTime(b, 1, e.Time)
		b = appendText(b, 2, e.Name)
		b = appendKeyValues(b, 3, e.Attributes)
		b = appendUint(b, 4, uint64(e.DroppedAttributeCount))
		b = end(b, at)
	}
	return b
}

func appendLinks(b []byte, field uint64, links []sdktrace.Link) []byte {
	var at int
	for _, l := range links {
		b, at = begin(b, field)
		b = appendIDs(b, l.SpanContext)
		b = appendFixed32(b, 6, Flags(l.SpanContext, l.SpanContext.IsRemote()))
		b = end(b, at)
	}
	return b
}

func appendKeyValues(b []byte, field uint64, kvs []attribute.KeyValue) []byte {
	for _, kv := range kvs {
		b = appendKeyValue(b, field, kv)
	}
	return b
}

func appendAttributes(b []byte, field uint64, kvs attribute.Iterator) []byte {
	for kvs.Next() {
		b = appendKeyValue(b, field, kvs.Attribute())
	}
	return b
}

func appendKeyValue(b []byte, field uint64, kv attribute.KeyValue) []byte {
	b, at := begin(b, field)
	b = appendText(b, 1, string(kv.Key))
	b = appendValue(b, 2, kv.Value)
	return end(b, at)
}

// appendValue appends the types that package telemetry makes; another one as
// text.
func appendValue(b []byte, field uint64, v attribute.Value) []byte {
	b, at := begin(b, field)
	switch v.Type() {
	case attribute.BOOL:
		var set int64
		if v.AsBool() {
			set = 1
		}
		b = appendInt(b, 2, set)
	case attribute.INT64:
		b = appendInt(b, 3, v.AsInt64())
	case attribute.FLOAT64:
		b = appendDouble(b, 4, v.AsFloat64())
	case attribute.STRINGSLICE:
		var list int
		b, list = begin(b, 5)
		for _, s := range v.AsStringSlice() {
			b = appendValue(b, 1, attribute.StringValue(s))
		}
		b = end(b, list)
	case attribute.STRING:
		b = appendString(b, 1, v.AsString())
	default:
		b = appendString(b, 1, v.String())
	}
	return end(b, at)
}
