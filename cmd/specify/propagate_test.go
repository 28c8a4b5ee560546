package main

import (
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

// hearer is a server that keeps the headers of the newest request.
type hearer struct {
	*httptest.Server
	mu    sync.Mutex // guards heard
	heard http.Header
}

func newHearer(t *testing.T, then http.HandlerFunc) *hearer {
	h := &hearer{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h.mu.Lock()
		h.heard = req.Header.Clone()
		h.mu.Unlock()
		then(w, req)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hearer) host() string { return strings.TrimPrefix(h.URL, "http://") }

func (h *hearer) header(name string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.heard.Get(name)
}

// traceparent goes to the hosts that --propagate names and to no others, looked
// at anew on every redirect; baggage goes nowhere.
func TestPropagate(t *testing.T) {
	const (
		traceID = "0af7651916cd43dd8448eb211c80319c"
		parent  = "00-" + traceID + "-b7ad6b7169203331-01"
	)
	friend := newHearer(t, func(http.ResponseWriter, *http.Request) {})
	stranger := newHearer(t, func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, friend.URL+"/back", http.StatusFound)
	})
	first := newHearer(t, func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, stranger.URL+"/away", http.StatusFound)
	})
	receiver := otlptest.NewReceiver(t)
	env := func(more ...string) []string {
		return append(more, "TRACEPARENT="+parent, "TRACESTATE=ci=1", "BAGGAGE=ci.job=42", "OTEL_PROPAGATORS=tracecontext,baggage,b3")
	}
	file := filepath.Join(t.TempDir(), "spans.json")
	for _, c := range []struct {
		name            string
		env, args       []string
		first, friend   bool
		parentItselfSet bool
	}{
		{"none by default", env("OTEL_EXPORTER_OTLP_ENDPOINT=" + receiver.URL()), nil, false, false, false},
		{"two of three", env("OTEL_EXPORTER_OTLP_ENDPOINT=" + receiver.URL()), []string{"--propagate", first.host() + "," + friend.host()}, true, true, false},
		{"from the environment, by a glob", env("SPECIFY_PROPAGATE="+first.host()[:len(first.host())-1]+"*,"+first.host(), "SPECIFY_TRACE_FILE="+file), nil, true, false, false},
		{"nothing exported: handed on", env(), []string{"--propagate", friend.host()}, false, true, true},
		{"not even sampled", env("OTEL_TRACES_SAMPLER=always_off", "OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT="+receiver.URL()), []string{"--propagate", friend.host()}, false, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.HasPrefix(c.name, "from") && strings.HasPrefix(friend.host(), first.host()[:len(first.host())-1]) {
				c.friend = true // its port matches the glob by chance
			}
			stderr, status := specify(t, c.env, append([]string{"fetch", first.URL + "/start"}, c.args...)...)
			if status != 0 || stderr != "" {
				t.Fatalf("exit status %d: %s", status, stderr)
			}
			for h, want := range map[*hearer]bool{first: c.first, friend: c.friend} {
				got := h.header("Traceparent")
				if (got != "") != want || want && !strings.HasPrefix(got, "00-"+traceID+"-") || want && c.parentItselfSet != (got == parent) {
					t.Errorf("%s got traceparent %q, want one: %v", h.URL, got, want)
				}
				if state := h.header("Tracestate"); (state == "ci=1") != want {
					t.Errorf("%s got tracestate %q", h.URL, state)
				}
			}
			if got := stranger.header("Traceparent") + stranger.header("Tracestate"); got != "" && !strings.HasPrefix(c.name, "from") {
				t.Errorf("the stranger got %q", got)
			}
			for _, h := range []*hearer{first, stranger, friend} {
				if got := h.header("Baggage") + h.header("B3"); got != "" {
					t.Errorf("%s got %q", h.URL, got)
				}
			}
		})
	}
	// What the friend got is a span that was exported.
	known := make(map[string]bool)
	for _, s := range receiver.Spans() {
		known[hex.EncodeToString(s.GetSpanId())] = true
	}
	if n := len(known); n != 2*(3+3) { // two sampled runs: command, operation, task, three hops
		t.Errorf("%d spans, want 12", n)
	}
}
