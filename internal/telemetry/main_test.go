package telemetry_test

import (
	"encoding/hex"
	"io"
	"log"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/specify-cli/specify/internal/telemetry"
	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)         // where net/http puts what a peer says out of turn
	for _, kv := range os.Environ() { // tests set what they mean
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "OTEL_") || name == "TRACEPARENT" || name == "TRACESTATE" || name == "BAGGAGE" {
			os.Unsetenv(name)
		}
	}
	goleak.VerifyTestMain(m)
}

// run is one Telemetry that sends to a receiver in the process.
type run struct {
	*telemetry.Telemetry
	t        *testing.T
	receiver *otlptest.Receiver
}

// newRun starts a run with conf and env ("NAME", "value", ...). It is shut
// down with the test if not before.
func newRun(t *testing.T, conf telemetry.Config, env ...string) *run {
	t.Helper()
	r := &run{t: t, receiver: otlptest.NewReceiver(t)}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", r.receiver.URL())
	for i := 0; i < len(env); i += 2 {
		t.Setenv(env[i], env[i+1])
	}
	r.Telemetry = mustStart(t, conf)
	return r
}

// finish shuts the run down and fails the test if anything was lost or went
// wrong.
func (r *run) finish() {
	r.t.Helper()
	lost, err := r.Shutdown(r.t.Context())
	if lost != (telemetry.Lost{}) || err != nil {
		r.t.Errorf("Shutdown: lost %+v, error %v; want nothing", lost, err)
	}
}

// warning ends the run and returns what it has to say.
func (r *run) warning() string {
	_, err := r.Shutdown(r.t.Context())
	if err == nil {
		return ""
	}
	return err.Error()
}

// tree finishes the run and prints what arrived.
func (r *run) tree(show ...string) string {
	r.t.Helper()
	r.finish()
	return "\n" + otlptest.Tree(r.receiver.Spans(), show...)
}

func hexID(id []byte) string { return hex.EncodeToString(id) }
