package telemetry

import (
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// request is what http.client.request.duration tells apart. server.address and
// server.port, which the conventions ask for, are left out on purpose: a batch
// over 50,000 hosts would fill the SDK's limit of 2,000 sets, and all else
// would end in otel.metric.overflow.
type request struct {
	method, scheme, protocol string
	status                   int    // 0 without an answer
	errorType                string // "" when all went well
}

func (r request) set() attribute.Set {
	kvs := []attribute.KeyValue{semconv.HTTPRequestMethodKey.String(r.method), semconv.URLScheme(r.scheme)}
	if r.protocol != "" {
		kvs = append(kvs, semconv.NetworkProtocolVersion(r.protocol))
	}
	if r.status != 0 {
		kvs = append(kvs, semconv.HTTPResponseStatusCode(r.status))
	}
	if r.errorType != "" {
		kvs = append(kvs, semconv.ErrorTypeKey.String(r.errorType))
	}
	return attribute.NewSet(kvs...)
}

// sets remembers the options built for each key. Keys are of low cardinality;
// beyond maxSets they are built anew each time.
type sets[K comparable, O any] struct {
	build func(K) []O

	mu    sync.RWMutex // guards known
	known map[K][]O
}

const maxSets = 1000

func (s *sets[K, O]) of(key K) []O {
	s.mu.RLock()
	opts, ok := s.known[key]
	s.mu.RUnlock()
	if ok {
		return opts
	}
	opts = s.build(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = make(map[K][]O)
	}
	if len(s.known) < maxSets {
		s.known[key] = opts
	}
	return opts
}

func oneKey(name string) *sets[string, metric.AddOption] {
	return &sets[string, metric.AddOption]{build: func(value string) []metric.AddOption {
		return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attribute.String(name, value)))}
	}}
}
