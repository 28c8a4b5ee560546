package otlpproto

import (
	"encoding/binary"
	"math"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// The kinds of AggregationTemporality.
const (
	delta      = 1
	cumulative = 2
)

// AppendMetrics appends an ExportMetricsServiceRequest.
func AppendMetrics(b []byte, data *metricdata.ResourceMetrics) []byte {
	b, resourceMetrics := begin(b, 1)
	b = appendResource(b, data.Resource)
	var at int
	for _, scope := range data.ScopeMetrics {
		b, at = begin(b, 2)
		b = appendScope(b, scope.Scope)
		for _, m := range scope.Metrics {
			b = appendMetric(b, 2, m)
		}
		b = appendText(b, 3, scope.Scope.SchemaURL)
		b = end(b, at)
	}
	b = appendText(b, 3, data.Resource.SchemaURL())
	return end(b, resourceMetrics)
}

func appendMetric(b []byte, field uint64, m metricdata.Metrics) []byte {
	b, at := begin(b, field)
	b = appendText(b, 1, m.Name)
	b = appendText(b, 2, m.Description)
	b = appendText(b, 3, m.Unit)
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		b = appendSum(b, 7, data)
	case metricdata.Histogram[float64]:
		b = appendHistogram(b, 9, data)
	case metricdata.ExponentialHistogram[float64]:
		b = appendExponentialHistogram(b, 10, data)
	}
	return end(b, at)
}

func temporality(t metricdata.Temporality) uint64 {
	if t == metricdata.DeltaTemporality {
		return delta
	}
	return cumulative
}

func appendSum(b []byte, field uint64, sum metricdata.Sum[int64]) []byte {
	b, at := begin(b, field)
	var point int
	for _, p := range sum.DataPoints {
		b, point = begin(b, 1)
		b = appendTime(b, 2, p.StartTime)
		b = appendTime(b, 3, p.Time)
		b = appendExemplars(b, 5, p.Exemplars)
		b = appendFixed64(b, 6, uint64(p.Value))
		b = appendSet(b, 7, p.Attributes)
		b = end(b, point)
	}
	b = appendUint(b, 2, temporality(sum.Temporality))
	if sum.IsMonotonic {
		b = appendUint(b, 3, 1)
	}
	return end(b, at)
}

func appendHistogram(b []byte, field uint64, h metricdata.Histogram[float64]) []byte {
	b, at := begin(b, field)
	var point int
	for _, p := range h.DataPoints {
		b, point = begin(b, 1)
		b = appendTime(b, 2, p.StartTime)
		b = appendTime(b, 3, p.Time)
		b = appendFixed64(b, 4, p.Count)
		b = appendDouble(b, 5, p.Sum)
		b = appendPacked(b, 6, p.BucketCounts, func(n uint64) uint64 { return n })
		b = appendPacked(b, 7, p.Bounds, math.Float64bits)
		b = appendExemplars(b, 8, p.Exemplars)
		b = appendSet(b, 9, p.Attributes)
		b = appendExtreme(b, 11, p.Min)
		b = appendExtreme(b, 12, p.Max)
		b = end(b, point)
	}
	b = appendUint(b, 2, temporality(h.Temporality))
	return end(b, at)
}

func appendExponentialHistogram(b []byte, field uint64, h metricdata.ExponentialHistogram[float64]) []byte {
	b, at := begin(b, field)
	var point int
	for _, p := range h.DataPoints {
		b, point = begin(b, 1)
		b = appendSet(b, 1, p.Attributes)
		b = appendTime(b, 2, p.StartTime)
		b = appendTime(b, 3, p.Time)
		b = appendFixed64(b, 4, p.Count)
		b = appendDouble(b, 5, p.Sum)
		b = appendSint(b, 6, p.Scale)
		b = appendFixed64(b, 7, p.ZeroCount)
		b = appendBuckets(b, 8, p.PositiveBucket)
		b = appendBuckets(b, 9, p.NegativeBucket)
		b = appendExemplars(b, 11, p.Exemplars)
		b = appendExtreme(b, 12, p.Min)
		b = appendExtreme(b, 13, p.Max)
		b = appendDouble(b, 14, p.ZeroThreshold)
		b = end(b, point)
	}
	b = appendUint(b, 2, temporality(h.Temporality))
	return end(b, at)
}

func appendBuckets(b []byte, field uint64, buckets metricdata.ExponentialBucket) []byte {
	b, at := begin(b, field)
	b = appendSint(b, 1, buckets.Offset)
	b, counts := begin(b, 2)
	for _, n := range buckets.Counts {
		b = binary.AppendUvarint(b, n)
	}
	b = end(b, counts)
	return end(b, at)
}

// appendPacked appends numbers of 64 bits each.
func appendPacked[N uint64 | float64](b []byte, field uint64, numbers []N, bits func(N) uint64) []byte {
	b, at := begin(b, field)
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint64(b, bits(n))
	}
	return end(b, at)
}

// appendExtreme appends the least or the greatest value, where it is known.
func appendExtreme(b []byte, field uint64, e metricdata.Extrema[float64]) []byte {
	v, known := e.Value()
	if !known {
		return b
	}
	return appendDouble(b, field, v)
}

// appendExemplars appends measurements with the spans that they were made in.
func appendExemplars[N int64 | float64](b []byte, field uint64, exemplars []metricdata.Exemplar[N]) []byte {
	var at int
	for _, e := range exemplars {
		b, at = begin(b, field)
		b = appendTime(b, 2, e.Time)
		switch v := any(e.Value).(type) {
		case float64:
			b = appendDouble(b, 3, v)
		case int64:
			b = appendFixed64(b, 6, uint64(v))
		}
		b = appendBytes(b, 4, e.SpanID)
		b = appendBytes(b, 5, e.TraceID)
		b = appendKeyValues(b, 7, e.FilteredAttributes)
		b = end(b, at)
	}
	return b
}

func appendSet(b []byte, field uint64, set attribute.Set) []byte {
	return appendAttributes(b, field, set.Iter())
}
