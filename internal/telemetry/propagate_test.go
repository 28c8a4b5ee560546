package telemetry

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

func TestTrusts(t *testing.T) {
	tests := []struct {
		globs, url string
		want       bool
	}{
		{"", "http://h/", false},
		{"h", "http://h/", true},
		{"H", "http://h./", true},
		{"h", "http://h:8080/", true},
		{"h:80", "http://h/", true},
		{"h:443", "https://h/", true},
		{"h:80", "https://h/", false},
		{"*.example", "http://a.b.example/", true},
		{"*.example", "http://example/", false},
		{"*.example", "http://a.example.evil/", false},
		{"example", "http://example@evil/", false},
		{"a, b", "http://b/", false}, // the list is split before
		{"::1", "http://[::1]:80/", true},
		{"[::1]:8080", "http://[::1]:8080/", true},
		{"*", "http://anything/", true},
	}
	for _, tt := range tests {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		tel := &Telemetry{trusted: hostGlobs([]string{tt.globs})}
		if got := tel.trusts(u); got != tt.want {
			t.Errorf("--propagate %q: trusts(%s) = %v, want %v", tt.globs, tt.url, got, tt.want)
		}
	}
}

// FuzzMatchGlob compares with a regular expression.
func FuzzMatchGlob(f *testing.F) {
	for _, seed := range [][2]string{{"*.example", "a.example"}, {"a*b*c", "abbc"}, {"**", ""}, {"*a*a*", "aa"}, {"a", "a"}, {"aa*aa", "aaa"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, glob, name string) {
		want, err := regexp.MatchString(`(?s)\A`+strings.ReplaceAll(regexp.QuoteMeta(glob), `\*`, `.*`)+`\z`, name)
		if err != nil || strings.ContainsRune(name, '�') {
			t.Skip("not UTF-8")
		}
		if got := matchGlob(glob, name); got != want {
			t.Errorf("matchGlob(%q, %q) = %v, want %v", glob, name, got, want)
		}
	})
}
