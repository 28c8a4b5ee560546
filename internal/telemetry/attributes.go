package telemetry

import (
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/attribute"
)

// attributes turns slog's attributes into OpenTelemetry's. Durations become
// seconds, as everywhere in the conventions; a group's key stands before its
// members' with a dot; a *url.URL is redacted; an attribute without a key is
// left out.
func (t *Telemetry) attributes(attrs []slog.Attr) []attribute.KeyValue {
	return t.appendAttributes(make([]attribute.KeyValue, 0, len(attrs)), "", attrs)
}

func (t *Telemetry) appendAttributes(kvs []attribute.KeyValue, prefix string, attrs []slog.Attr) []attribute.KeyValue {
	for _, a := range attrs {
		key, v := prefix+a.Key, a.Value.Resolve()
		if v.Kind() == slog.KindGroup {
			if a.Key != "" { // slog inlines a group without a key
				key += "."
			}
			kvs = t.appendAttributes(kvs, key, v.Group())
			continue
		}
		if a.Key != "" {
			kvs = append(kvs, attribute.KeyValue{Key: attribute.Key(key), Value: t.value(v)})
		}
	}
	return kvs
}

func (t *Telemetry) value(v slog.Value) attribute.Value {
	switch v.Kind() {
	case slog.KindString:
		return attribute.StringValue(v.String())
	case slog.KindInt64:
		return attribute.Int64Value(v.Int64())
	case slog.KindFloat64:
		return attribute.Float64Value(v.Float64())
	case slog.KindBool:
		return attribute.BoolValue(v.Bool())
	case slog.KindDuration:
		return attribute.Float64Value(v.Duration().Seconds())
	case slog.KindTime:
		return attribute.StringValue(v.Time().Format(time.RFC3339Nano))
	}
	switch any := v.Any().(type) {
	case *url.URL:
		return attribute.StringValue(t.conf.Redact(any))
	case []string:
		return attribute.StringSliceValue(any)
	default: // uint64 too, which OpenTelemetry does not have
		return attribute.StringValue(fmt.Sprint(any))
	}
}
