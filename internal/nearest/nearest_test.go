package nearest

import (
	"testing"

	"pgregory.net/rapid"
)

func TestName(t *testing.T) {
	known := []string{"retry", "retry-delay", "retry-on", "jobs", "read-timeout", "resume"}
	for _, tt := range []struct{ name, want string }{
		{"retires", "retry"},
		{"retyr", "retry"},
		{"retry-dealy", "retry-delay"},
		{"retry_delay", "retry-delay"},
		{"read-timout", "read-timeout"},
		{"job", "jobs"},
		{"Jobs", "jobs"},
		{"timeout", ""},
		{"", ""},
		{"completely-else", ""},
	} {
		if got := Name(tt.name, known); got != tt.want {
			t.Errorf("Name(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[ab-]{0,6}`)
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		d := distance(a, b)
		if d != distance(b, a) {
			t.Fatalf("not symmetric: %q, %q", a, b)
		}
		if (d == 0) != (a == b) || d > max(len(a), len(b)) || d < max(len(a), len(b))-min(len(a), len(b)) {
			t.Fatalf("distance(%q, %q) = %d", a, b, d)
		}
	})
}
