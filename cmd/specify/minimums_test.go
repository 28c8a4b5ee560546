package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// minimums are the lowest versions without the holes named, which matter here.
var minimums = []struct{ module, version, reason string }{
	{"github.com/hashicorp/go-retryablehttp", "v0.7.7", "CVE-2024-6104: a URL's password in the log"},
	{"github.com/go-viper/mapstructure/v2", "v2.4.0", "secrets in errors"},
	{"go.opentelemetry.io/otel", "v1.43.0", "CVE-2026-24051, CVE-2026-39883, CVE-2026-41178"},
	{"golang.org/x/net", "v0.56.0", "HTTP/2, IDNA and proxies"},
	{"golang.org/x/text", "v0.39.0", "IDNA"},
}

// minimumGo is likewise of the toolchain: CVE-2026-39821, CVE-2026-56862 and
// CVE-2026-56860 are mended in it.
const minimumGo = "v1.26.6"

func TestMinimumVersions(t *testing.T) {
	args := []string{"list", "-m", "-f", "{{.Path}} {{if .Replace}}{{.Replace.Version}}{{else}}{{.Version}}{{end}}"}
	for _, m := range minimums {
		args = append(args, m.module)
	}
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(minimums) {
		t.Fatalf("%d modules of %d: %s", len(lines), len(minimums), out)
	}
	for i, m := range minimums {
		_, got, _ := strings.Cut(lines[i], " ")
		if older(t, got, m.version) {
			t.Errorf("%s %s is older than %s: %s", m.module, got, m.version, m.reason)
		}
	}
	if got, ok := strings.CutPrefix(runtime.Version(), "go1."); ok {
		got, _, _ = strings.Cut("v1."+got, "-")
		if older(t, got, minimumGo) {
			t.Errorf("Go %s is older than %s", got, minimumGo)
		}
	}
}

// older compares versions of three numbers; one before a release counts as it.
func older(t *testing.T, a, b string) bool {
	t.Helper()
	number := func(v string) []int {
		n := make([]int, 3)
		if _, err := fmt.Sscanf(v, "v%d.%d.%d", &n[0], &n[1], &n[2]); err != nil {
			t.Fatalf("version %q: %v", v, err)
		}
		return n
	}
	return slices.Compare(number(a), number(b)) < 0
}

func TestOlder(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"v1.2.3", "v1.2.3", false}, {"v1.2.3", "v1.10.0", true}, {"v2.0.0", "v1.9.9", false}, {"v0.56.0-pre", "v0.56.1", true}} {
		if got := older(t, c.a, c.b); got != c.want {
			t.Errorf("older(%s, %s) = %v", c.a, c.b, got)
		}
	}
}
