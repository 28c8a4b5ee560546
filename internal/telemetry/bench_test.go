package telemetry_test

import (
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/specify-cli/specify/internal/telemetry"
	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

// modes are the states that a wrapper can be in, by name: the variables that
// lead there.
var modes = []struct {
	name string
	env  []string
}{
	{"off", []string{"OTEL_SDK_DISABLED", "true"}},
	{"unsampled", []string{"OTEL_TRACES_SAMPLER", "always_off", "OTEL_METRICS_EXPORTER", "none"}},
	{"metrics", []string{"OTEL_TRACES_EXPORTER", "none"}},
	{"trial", []string{"OTEL_TRACES_SAMPLER", "traceidratio", "OTEL_TRACES_SAMPLER_ARG", "0", "OTEL_METRICS_EXPORTER", "none"}},
	{"recording", []string{"OTEL_METRICS_EXPORTER", "none"}},
	{"both", nil},
}

func eachMode(b *testing.B, run func(b *testing.B, tel *telemetry.Telemetry)) {
	for _, mode := range modes {
		b.Run("mode="+mode.name, func(b *testing.B) {
			b.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", otlptest.NewReceiver(b).URL())
			for i := 0; i < len(mode.env); i += 2 {
				b.Setenv(mode.env[i], mode.env[i+1])
			}
			run(b, mustStart(b, telemetry.Config{}))
		})
	}
}

// endOfBody is a body that is always at its end, and costs nothing to make.
type endOfBody struct{}

func (endOfBody) Read([]byte) (int, error) { return 0, io.EOF }
func (endOfBody) Close() error             { return nil }

// BenchmarkTransport measures one attempt within a task; the transport below
// answers at once with the same response.
func BenchmarkTransport(b *testing.B) {
	eachMode(b, func(b *testing.B, tel *telemetry.Telemetry) {
		resp := &http.Response{StatusCode: 200, Proto: "HTTP/1.1", Header: http.Header{}}
		rt := tel.Transport(roundTrip(func(*http.Request) (*http.Response, error) {
			resp.Body = endOfBody{}
			return resp, nil
		}))
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://h.example/path?q=1", nil)
		if err != nil {
			b.Fatal(err)
		}
		buf := make([]byte, 1)
		b.ReportAllocs()
		for b.Loop() {
			resp, err := rt.RoundTrip(req)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = resp.Body.Read(buf)
			resp.Body.Close()
		}
	})
}

// BenchmarkTask measures a task's own span with one event.
func BenchmarkTask(b *testing.B) {
	eachMode(b, func(b *testing.B, tel *telemetry.Telemetry) {
		b.ReportAllocs()
		for b.Loop() {
			ctx, end := tel.Task(b.Context(), slog.String("specify.task.id", "b3f0"))
			tel.Event(ctx, "queued", slog.Float64("specify.queue.time", 0.2))
			end(telemetry.TaskEnd{Outcome: "ok"})
		}
	})
}

// BenchmarkCount measures a counter.
func BenchmarkCount(b *testing.B) {
	eachMode(b, func(b *testing.B, tel *telemetry.Telemetry) {
		b.ReportAllocs()
		for b.Loop() {
			tel.CountTask("ok")
		}
	})
}
