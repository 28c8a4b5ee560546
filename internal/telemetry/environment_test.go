package telemetry_test

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/telemetry"
	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

func TestStartRefuses(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	writeCertificate(t, ca)
	const good = "http://127.0.0.1:4318"
	tests := []struct {
		name string
		env  []string
		want string
	}{
		{"grpc", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", good, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
			`OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" is not supported; use http/protobuf (the collector's port is then 4318 by habit)`},
		{"grpc for metrics", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", good, "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc"},
			`OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "grpc"`},
		{"no scheme", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT: want a URL such as"},
		{"other scheme", []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "unix:///run/otel"}, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: want a URL"},
		{"no host", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT: want a URL"},
		{"not a URL", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://u:SECRET@h:x"}, "OTEL_EXPORTER_OTLP_ENDPOINT: want a URL"},
		{"bad port", []string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://h:70000"}, `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: port "70000"`},
		{"userinfo", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://u:SECRET@h:1"}, "use OTEL_EXPORTER_OTLP_HEADERS"},
		{"exporter", []string{"OTEL_TRACES_EXPORTER", "console"}, `OTEL_TRACES_EXPORTER: "console" is not supported; use otlp or none`},
		{"timeout", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", good, "OTEL_EXPORTER_OTLP_TIMEOUT", "10s"}, `OTEL_EXPORTER_OTLP_TIMEOUT: want a number of milliseconds, not "10s"`},
		{"no certificate", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", good, "OTEL_EXPORTER_OTLP_CERTIFICATE", empty}, "OTEL_EXPORTER_OTLP_CERTIFICATE: "},
		{"no such file", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", good, "OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such"}, "OTEL_EXPORTER_OTLP_CERTIFICATE: open /no/such"},
		{"certificate for http", []string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", good, "OTEL_EXPORTER_OTLP_CERTIFICATE", ca}, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: there are certificates for it, but it is http"},
		{"half a pair", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", good, "OTEL_EXPORTER_OTLP_CLIENT_KEY", empty}, "need each other"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for i := 0; i < len(tt.env); i += 2 {
				t.Setenv(tt.env[i], tt.env[i+1])
			}
			err := new(telemetry.Telemetry).Start(t.Context(), telemetry.Config{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Start: %v, want an error with %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "SECRET") {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}

// TestOddValuesAreOneWarning shows values that the specification wants to be
// warned of and passed over.
func TestOddValuesAreOneWarning(t *testing.T) {
	tests := []struct{ name, variable, value, want string }{
		{"sampler", "OTEL_TRACES_SAMPLER", "sometimes", `OTEL_TRACES_SAMPLER: "sometimes" is not supported; every span is sampled`},
		{"propagator", "OTEL_PROPAGATORS", "telepathy", "unknown propagator"},
		{"resource", "OTEL_RESOURCE_ATTRIBUTES", "a=1,b", "error detecting resource: "},
		{"header", "OTEL_EXPORTER_OTLP_HEADERS", "authorization SECRET", `OTEL_EXPORTER_OTLP_HEADERS: a header without a "="`},
		{"header's name", "OTEL_EXPORTER_OTLP_HEADERS", "a b=SECRET", "OTEL_EXPORTER_OTLP_HEADERS: a header that is not valid"},
		{"temporality", "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "now", `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "now" is not`},
		{"histograms", "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "fine", `OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: "fine" is not`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRun(t, telemetry.Config{}, tt.variable, tt.value)
			_, end := r.Observe(t.Context(), "op")
			end(nil)
			if lost, _ := r.Shutdown(t.Context()); lost != (telemetry.Lost{}) {
				t.Errorf("lost %+v", lost)
			}
			if got := r.warning(); !strings.HasPrefix(got, tt.want) || strings.Contains(got, "SECRET") {
				t.Errorf("warning %q, want one that begins with %q", got, tt.want)
			}
			if n := len(r.receiver.Spans()); n != 1 {
				t.Errorf("%d spans arrived, want 1", n)
			}
		})
	}
}

func TestVariablesAreHeeded(t *testing.T) {
	r := newRun(t, telemetry.Config{Service: "specify", Version: "1.2.3"},
		"OTEL_SERVICE_NAME", "nightly",
		"OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=ci,service.version=9",
		"OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc",
		"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	_, end := r.Observe(t.Context(), "op")
	end(nil)
	r.finish()

	resources := r.receiver.Resources()
	if len(resources) != 1 {
		t.Fatalf("%d resources, want 1", len(resources))
	}
	attrs := resources[0].GetResource().GetAttributes()
	for key, want := range map[string]string{
		"service.name": "nightly", "service.version": "9", "deployment.environment.name": "ci", "telemetry.sdk.language": "go",
	} {
		if got, _ := otlptest.Attribute(attrs, key); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	if id, _ := otlptest.Attribute(attrs, "service.instance.id"); id == "" {
		t.Error("no service.instance.id")
	}
	if _, ok := otlptest.Attribute(attrs, "process.command_args"); ok {
		t.Error("the command line is in the resource")
	}
	for _, h := range r.receiver.Headers() {
		if h.Get("Authorization") != "Bearer abc" || h.Get("Content-Encoding") != "gzip" || h.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("headers of an export: %v", h)
		}
	}
}

func TestJSONProtocol(t *testing.T) {
	r := newRun(t, telemetry.Config{}, "OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "OTEL_METRICS_EXPORTER", "none")
	_, end := r.Observe(t.Context(), "op")
	end(nil)
	if got := r.tree(); got != "\nop\n" {
		t.Errorf("tree:%s", got)
	}
	if got := r.receiver.Headers()[0].Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
}

// TestCertificate sends to a collector that only
// OTEL_EXPORTER_OTLP_CERTIFICATE vouches for.
func TestCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(otlptest.Status(http.StatusOK))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshake that fails
	s.StartTLS()
	defer s.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for certificate, want := range map[string]int64{"": 1, file: 0} {
		r := newRun(t, telemetry.Config{},
			"OTEL_EXPORTER_OTLP_ENDPOINT", s.URL,
			"OTEL_EXPORTER_OTLP_CERTIFICATE", certificate,
			"OTEL_METRICS_EXPORTER", "none")
		_, end := r.Observe(t.Context(), "op")
		end(nil)
		if lost, err := r.Shutdown(t.Context()); lost.Spans != want {
			t.Errorf("with the certificate %q: lost %d spans (%v), want %d", certificate, lost.Spans, err, want)
		}
	}
}

// TestDeadEndpointKeepsItsKey shows that a request which fails does not tell the
// query of the endpoint.
func TestDeadEndpointKeepsItsKey(t *testing.T) {
	t.Setenv("OTEL_METRICS_EXPORTER", "none")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1/otlp?key=SECRET")
	tel := mustStart(t, telemetry.Config{})
	_, end := tel.Observe(t.Context(), "op")
	end(nil)
	_, err := tel.Shutdown(t.Context())
	const want = "traces export: failed to send to http://127.0.0.1:1/otlp/v1/traces: dial tcp 127.0.0.1:1: "
	if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("warning %v, want one that begins with %q", err, want)
	}
}

// writeCertificate writes the certificate of a server that is gone.
func writeCertificate(t *testing.T, name string) {
	t.Helper()
	s := httptest.NewTLSServer(otlptest.Status(http.StatusOK))
	s.Close()
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestEndpoints shows where each signal goes: a signal's own variable names all of
// the URL, the common one the folder.
func TestEndpoints(t *testing.T) {
	for _, tt := range []struct {
		name, common, own string
		want              string // of traces, at the receiver
	}{
		{"common", "", "-", "/v1/traces"},
		{"a folder", "/otlp/", "-", "/otlp/v1/traces"},
		{"own", "/otlp", "/in/spans", "/in/spans"},
		{"own, without a path", "/otlp", "", "/"},
		{"a key in the query", "/otlp?key=SECRET", "-", "/otlp/v1/traces?key=SECRET"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked []string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.RequestURI)
				w.WriteHeader(http.StatusTeapot)
			}))
			t.Setenv("OTEL_METRICS_EXPORTER", "none")
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", s.URL+tt.common)
			if tt.own != "-" {
				t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", s.URL+tt.own)
			}
			tel := mustStart(t, telemetry.Config{})
			_, end := tel.Observe(t.Context(), "op")
			end(nil)
			_, err := tel.Shutdown(t.Context())
			s.Close()
			if diff := cmp.Diff([]string{tt.want}, asked); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}
			if err == nil || !strings.HasSuffix(err.Error(), "418 I'm a teapot after 1 attempt") || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("warning %q", err)
			}
		})
	}
}

// TestDefaultEndpoint asks for the exporter by name alone: the specification
// means http://localhost:4318, where the Go exporter would take https.
func TestDefaultEndpoint(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // not for loopback
	t.Setenv("OTEL_TRACES_EXPORTER", "otlp")
	tel := mustStart(t, telemetry.Config{})
	_, end := tel.Observe(t.Context(), "op")
	end(nil)
	_, err := tel.Shutdown(t.Context())
	if err != nil && !strings.Contains(err.Error(), "http://localhost:4318/v1/traces") {
		t.Errorf("exported elsewhere: %v", err)
	}
}
