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
)

// defaultTimeout bounds one export where OTEL_EXPORTER_OTLP_TIMEOUT does not
// (OpenTelemetry specification, OTLP exporter).
const defaultTimeout = 10 * time.Second

// signal is what the environment says about the export of traces or metrics.
type signal struct {
	wanted  bool
	nowhere bool          // wanted without an endpoint: http://localhost:4318 is meant
	json    bool          // http/json in place of http/protobuf
	timeout time.Duration // of one request to the collector
	tls     *tls.Config   // nil: the system's roots, no client certificate
}

// readSignal reads the variables of name, which is TRACES or METRICS. The
// exporter reads most of them again by itself; what it would only log, or not
// heed because it is given our HTTP client, is checked or read here.
func readSignal(name string) (signal, error) {
	var s signal
	_, endpoint := otlp(name, "ENDPOINT")
	switch v := lookup("OTEL_" + name + "_EXPORTER"); strings.ToLower(v) {
	case "":
		s.wanted = endpoint != ""
	case "otlp":
		s.wanted, s.nowhere = true, endpoint == ""
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
	if err = checkEndpoint(name); err != nil {
		return s, err
	}
	if s.timeout, err = readTimeout(name); err != nil {
		return s, err
	}
	s.tls, err = readTLS(name)
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

// checkEndpoint refuses what the exporter would only log before it sends
// everything to https://localhost:4318 instead. The value is not quoted: it
// may hold a credential.
func checkEndpoint(signal string) error {
	name, v := otlp(signal, "ENDPOINT")
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	switch {
	case err != nil, u.Hostname() == "", u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%s: want a URL such as http://localhost:4318 or https://collector.example", name)
	case u.User != nil:
		return fmt.Errorf("%s: credentials in the URL are not sent; use OTEL_EXPORTER_OTLP_HEADERS", name)
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("%s: port %q is not between 1 and 65535", name, p)
		}
	}
	return nil
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

// readTLS reads the certificates, which the exporter drops when it is given an
// HTTP client.
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
