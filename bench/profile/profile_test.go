package main

import (
	"os"
	"strings"
	"testing"

	"github.com/specify-cli/specify/bench/site"
)

func TestMain(m *testing.M) {
	site.Serve()
	os.Exit(m.Run())
}

// A small batch leaves profiles that pprof reads.
func TestProfile(t *testing.T) {
	dir := t.TempDir()
	if err := profile(t.Context(), batch{urls: 2000, jobs: 10, tls: true}, dir); err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	if err := show(&shown, dir, 1000); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Type: cpu", "Type: alloc_space", "Type: inuse_space", "runtime/httpx"} {
		if !strings.Contains(shown.String(), want) {
			t.Errorf("the tables do not hold %q:\n%s", want, &shown)
		}
	}
}
