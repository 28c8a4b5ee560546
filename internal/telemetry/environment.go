package telemetry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"golang.org/x/net/http/httpguts"
)

const localCollector = "http://localhost:4318" // the specification's default

// defaultTimeout bounds one export where OTEL_EXPORTER_OTLP_TIMEOUT does not
// (OpenTelemetry specification, OTLP exporter).
const defaultTimeout = 10 * time.Second

// signal is what the environment says about the export of traces or metrics.
type signal struct {
	wanted   bool
	endpoint string            // the URL that batches are posted to
	json     bool              // http/json in place of http/protobuf
	gzip     bool              // batches are compressed
	headers  map[string]string // of each request; they may hold credentials
	timeout  time.Duration     // of one request to the collector; 0 is none
	tls      *tls.Config       // nil: the system's roots, no client certificate

	// odd is what the specification wants to be warned of and passed over.
	odd error
}

// readSignal reads the variables of name, which is TRACES or METRICS
// (https://opentelemetry.io/docs/specs/otel/protocol/exporter).
func readSignal(name string) (signal, error) {
	var s signal
	_, endpoint := otlp(name, "ENDPOINT")
	switch v := lookup("OTEL_" + name + "_EXPORTER"); strings.ToLower(v) {
	case "":
		s.wanted = endpoint != ""
	case "otlp":
		s.wanted = true
	case "none":
	default:
		return s, fmt.Errorf("OTEL_%s_EXPORTER: %q is not supported; use otlp or none", name, v)
	}
	if !s.wanted {
		return s, nil
	}

	var err error
	if s.json, err = readProtocol(name); err != nil {
		return s, err
	}
	if s.endpoint, err = readEndpoint(name); err != nil {
		return s, err
	}
	_, compression := otlp(name, "COMPRESSION")
	s.gzip = compression == "gzip"
	s.headers, s.odd = readHeaders(name)
	if s.timeout, err = readTimeout(name); err != nil {
		return s, err
	}
	s.tls, err = readTLS(name)
	if variable, _ := otlp(name, "ENDPOINT"); err == nil && s.tls != nil && strings.HasPrefix(s.endpoint, "http:") {
		err = fmt.Errorf("%s: there are certificates for it, but it is http; use https", variable)
	}
	return s, err
}

// sdkDisabled reports OTEL_SDK_DISABLED, which no Go package heeds. Only
// "true" counts, in any case (OpenTelemetry specification, boolean values).
func sdkDisabled() bool { return strings.EqualFold(lookup("OTEL_SDK_DISABLED"), "true") }

// lookup reads a variable as the SDK does: an empty one is an unset one.
func lookup(name string) string { return strings.TrimSpace(os.Getenv(name)) }

// otlp finds OTEL_EXPORTER_OTLP_<signal>_<key>, else OTEL_EXPORTER_OTLP_<key>.
func otlp(signal, key string) (name, value string) {
	name = "OTEL_EXPORTER_OTLP_" + signal + "_" + key
	if value = lookup(name); value == "" {
		name = "OTEL_EXPORTER_OTLP_" + key
		value = lookup(name)
	}
	return name, value
}

func readProtocol(signal string) (json bool, err error) {
	switch name, v := otlp(signal, "PROTOCOL"); v {
	case "", "http/protobuf":
		return false, nil
	case "http/json":
		return true, nil
	default:
		return false, fmt.Errorf("%s: %q is not supported; use http/protobuf (the collector's port is then 4318 by habit)", name, v)
	}
}

// readEndpoint returns the URL to post to. A signal's own variable names all of
// it, the common one the folder. The value is not quoted in errors: it may hold a
// credential.
func readEndpoint(signal string) (string, error) {
	name, v := otlp(signal, "ENDPOINT")
	if v == "" {
		v = localCollector
	}
	u, err := url.Parse(v)
	switch {
	case err != nil, u.Hostname() == "", u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("%s: want a URL such as http://localhost:4318 or https://collector.example", name)
	case u.User != nil:
		return "", fmt.Errorf("%s: credentials in the URL are not sent; use OTEL_EXPORTER_OTLP_HEADERS", name)
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return "", fmt.Errorf("%s: port %q is not between 1 and 65535", name, p)
		}
	}
	if name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
		u = u.JoinPath("v1", strings.ToLower(signal))
	}
	return u.String(), nil
}

// readHeaders reads name=value pairs, values percent-encoded, as baggage has
// them. What is wrong is left out, and odd says so without its value.
func readHeaders(signal string) (headers map[string]string, odd error) {
	name, v := otlp(signal, "HEADERS")
	if v == "" {
		return nil, nil
	}
	headers = make(map[string]string)
	for pair := range strings.SplitSeq(v, ",") {
		field, raw, ok := strings.Cut(pair, "=")
		field = strings.TrimSpace(field)
		value, err := url.PathUnescape(raw)
		value = strings.TrimSpace(value)
		switch {
		case strings.TrimSpace(pair) == "":
		case !ok:
			odd = fmt.Errorf("%s: a header without a \"=\" is left out; write name=value,name=value", name)
		case err != nil || !httpguts.ValidHeaderFieldName(field) || !httpguts.ValidHeaderFieldValue(value):
			odd = fmt.Errorf("%s: a header that is not valid is left out; write name=value, with %%2C for a comma in the value", name)
		default:
			headers[field] = value
		}
	}
	return headers, odd
}

func readTimeout(signal string) (time.Duration, error) {
	name, v := otlp(signal, "TIMEOUT")
	if v == "" {
		return defaultTimeout, nil
	}
	ms, err := strconv.ParseInt(v, 10, 32)
	if err != nil || ms < 0 {
		return 0, fmt.Errorf("%s: want a number of milliseconds, not %q", name, v)
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// readTLS reads the certificates.
func readTLS(signal string) (*tls.Config, error) {
	var conf tls.Config
	if name, file := otlp(signal, "CERTIFICATE"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: %s holds no PEM certificate", name, file)
		}
	}
	certName, cert := otlp(signal, "CLIENT_CERTIFICATE")
	keyName, key := otlp(signal, "CLIENT_KEY")
	if (cert == "") != (key == "") {
		return nil, errors.New(certName + " and " + keyName + " need each other")
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", certName, err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	if conf.RootCAs == nil && conf.Certificates == nil {
		return nil, nil
	}
	return &conf, nil
}

// readTemporality returns what sums and histograms start from: the beginning of
// the run, unless OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE says from the
// last export.
func readTemporality() (sdkmetric.TemporalitySelector, error) {
	const name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
	switch v := lookup(name); strings.ToLower(v) {
	case "", "cumulative":
		return sdkmetric.CumulativeTemporalitySelector, nil
	case "delta":
		return sdkmetric.DeltaTemporalitySelector, nil
	case "lowmemory":
		return sdkmetric.LowMemoryTemporalitySelector, nil
	default:
		return sdkmetric.CumulativeTemporalitySelector, fmt.Errorf("%s: %q is not supported; cumulative is used", name, v)
	}
}

// readAggregation returns how histograms are kept.
func readAggregation() (sdkmetric.AggregationSelector, error) {
	const name = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION"
	switch v := lookup(name); strings.ToLower(v) {
	case "", "explicit_bucket_histogram":
		return sdkmetric.DefaultAggregationSelector, nil
	case "base2_exponential_bucket_histogram":
		return exponential, nil
	default:
		return sdkmetric.DefaultAggregationSelector, fmt.Errorf("%s: %q is not supported; explicit_bucket_histogram is used", name, v)
	}
}

// exponential has the specification's defaults for histograms.
func exponential(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	if kind == sdkmetric.InstrumentKindHistogram {
		return sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}
	}
	return sdkmetric.DefaultAggregationSelector(kind)
}
