package process

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnv(t *testing.T) {
	base := []string{
		"PATH=/bin", "A=1", "SPECIFY_JOBS=3", "SPECIFY_=x", "B=", "A=2",
		"OTEL_EXPORTER_OTLP_HEADERS=authorization=secret", "OTEL_EXPORTER_OTLP_TRACES_HEADERS=secret",
		"OTEL_EXPORTER_OTLP_METRICS_HEADERS=secret", "OTEL_EXPORTER_OTLP_LOGS_HEADERS=secret",
		"OTEL_SERVICE_NAME=s", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318", "HEADERS=kept", "MY_HEADERS=kept",
		"MY_SPECIFY_X=kept", "TRACEPARENT=00-x", "MULTI=a\nb\r\nSPECIFY_Y=c", "EQUALS=a=b=c", "BASH_FUNC_f%%=() {  :\n}",
		"NUL=a\x00b", "SPECIFY\n=x", "N\rL=x", "noequals", "", "=", "=x", "ÜNÏ=\xff",
	}
	want := []string{
		"PATH=/bin", "B=", "A=2", "OTEL_SERVICE_NAME=s", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318", "HEADERS=kept", "MY_HEADERS=kept",
		"MY_SPECIFY_X=kept", "TRACEPARENT=00-x", "MULTI=a\nb\r\nSPECIFY_Y=c", "EQUALS=a=b=c", "BASH_FUNC_f%%=() {  :\n}", "ÜNÏ=\xff",
	}
	before := slices.Clone(base)
	if diff := cmp.Diff(want, Env(base)); diff != "" {
		t.Errorf("Env (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, base); diff != "" {
		t.Errorf("Env changed its argument (-before +after):\n%s", diff)
	}
	if got := Env(nil); got == nil || len(got) != 0 {
		t.Errorf("Env(nil) = %#v; nil would mean our own environment", got)
	}
}

func FuzzEnv(f *testing.F) {
	f.Add("A=1|SPECIFY_A=2|A=3||=|x|OTEL_A_HEADERS=s|B=\n")
	f.Fuzz(func(t *testing.T, joined string) {
		base := strings.Split(joined, "|")
		env := Env(base)
		seen := make(map[string]bool)
		for _, entry := range env {
			name, _, ok := strings.Cut(entry, "=")
			if !ok || seen[name] || private(name) || strings.ContainsAny(name, "\r\n") || strings.Contains(entry, "\x00") {
				t.Fatalf("Env(%q) = %q", base, env)
			}
			seen[name] = true
			last := base[0]
			for _, other := range base {
				if strings.HasPrefix(other, name+"=") && !strings.Contains(other, "\x00") {
					last = other
				}
			}
			if last != entry {
				t.Fatalf("Env(%q) has %q, not the last value %q", base, entry, last)
			}
		}
		if diff := cmp.Diff(env, Env(env)); diff != "" {
			t.Fatalf("Env of Env differs:\n%s", diff)
		}
	})
}
