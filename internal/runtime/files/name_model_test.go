package files

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// pieces are what names are most likely to go wrong over.
var pieces = []string{
	"", "a", "A", "%61", "%41", ".", "..", "%2e", "%2E", "%2e%2e", ":", "%3a", "%3A", "*", "%2a", "%2A", "@", "%40", "%", "%25", "%2541", "%252e",
	"/", "//", "%2f", "%2F", "/.", "/..", "/../", "/./", "index", "inde%78", "inde%2578", "con", "%63on", "%2563on", "NUL.x", "com1", "~", "%7e", "%7E",
	"@0123456789abcdef", "@%30123456789abcdef", "%-0123456789abcdef", ".specify-x.part", ".specify-x%2epart", "x.specify.part", ".part", " ", "%20", "+",
	"é", "%c3%a9", "%C3%A9", "\\", "%5c", "|", "<", "\"", ";", "%3b", "[", "%5B", "%00", "%0a", "%7f", "_", "_80", "?", "?a", "?a=b", "#f",
	strings.Repeat("x", 90), strings.Repeat("%FF", 70), strings.Repeat("y/", 240),
}

var hosts = []string{"h", "H", "h.", "h_80", "h_81", "h%5f80", "con", "aux.h", "[::1]", "[::2]", "[fe80::1%25a]", "h:80", "h:443", "h:81", "h:", "bü", "..", ".", "u:p@h"}

// A URL made of such pieces, and one that differs from it in a piece, have one
// name exactly when they are one URL.
func TestNameModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scheme := rapid.SampledFrom([]string{"http://", "https://"})
		host := rapid.SampledFrom(hosts)
		path := rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 6)
		schemes := [2]string{scheme.Draw(t, "scheme"), scheme.Draw(t, "other scheme")}
		one := append([]string{host.Draw(t, "host"), "/"}, path.Draw(t, "path")...)
		two := slices.Clone(one)
		switch at := rapid.IntRange(0, len(two)).Draw(t, "at"); {
		case at == 0:
			two[0] = host.Draw(t, "other host")
		case at == len(two):
			two = append(two, rapid.SampledFrom(pieces).Draw(t, "more"))
		default:
			two[at] = rapid.SampledFrom(pieces).Draw(t, "other")
		}
		var names, sames [2]string
		for i, parts := range [][]string{one, two} {
			raw := schemes[i] + strings.Join(parts, "")
			u, err := url.Parse(raw)
			if err != nil || u.Hostname() == "" {
				return
			}
			if names[i], err = Name(u); err != nil {
				t.Fatalf("%q: %v", raw, err)
			}
			sames[i] = same(u)
			if why := unsafe(names[i]); why != "" {
				t.Errorf("%q: %q %s", raw, names[i], why)
			}
		}
		if (names[0] == names[1]) != (sames[0] == sames[1]) {
			t.Fatalf("%q and %q are %q and %q", one, two, names[0], names[1])
		}
	})
}
