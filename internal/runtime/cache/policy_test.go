package cache

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fields are those of "Name: value" lines.
func fields(lines ...string) Fields {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return func(name string) string { return strings.Join(h.Values(name), ", ") }
}

const tag = `ETag: "a"`

func TestNew(t *testing.T) {
	at := func(d time.Duration) string { return noon.Add(d).Format(http.TimeFormat) }
	tests := []struct {
		name  string
		got   []string
		keep  bool
		fresh time.Duration // from noon
	}{
		{"nothing to ask with", nil, false, 0},
		{"etag", []string{tag}, true, 0},
		{"last-modified", []string{"Last-Modified: " + at(-time.Hour)}, true, 0},
		{"a last-modified that is no date", []string{"Last-Modified: yesterday"}, false, 0},
		{"an etag that cannot be sent", []string{"ETag: \"a b\x01\""}, false, 0},
		{"max-age alone", []string{"Cache-Control: max-age=60"}, true, time.Minute},
		{"quoted, among others", []string{tag, `Cache-Control: public, Max-Age="60" , x=y`}, true, time.Minute},
		{"the least of two", []string{tag, "Cache-Control: max-age=60", "Cache-Control: max-age=30"}, true, 30 * time.Second},
		{"one that makes no sense", []string{tag, "Cache-Control: max-age=60, max-age=soon"}, true, 0},
		{"negative", []string{tag, "Cache-Control: max-age=-1"}, true, 0},
		{"overflow", []string{tag, "Cache-Control: max-age=99999999999999999999999"}, true, 3650 * 24 * time.Hour},
		{"no-store", []string{tag, "Cache-Control: max-age=60, no-store"}, false, 0},
		{"no-cache", []string{tag, "Cache-Control: max-age=60, no-cache"}, true, 0},
		{"no-cache with names", []string{tag, `Cache-Control: max-age=60, no-cache="x"`}, true, 0},
		{"shared caches are not meant", []string{tag, "Cache-Control: private, s-maxage=60"}, true, 0},
		{"expires", []string{tag, "Date: " + at(0), "Expires: " + at(time.Minute)}, true, time.Minute},
		{"expires by the server's clock", []string{tag, "Date: " + at(time.Hour), "Expires: " + at(time.Hour+time.Minute)}, true, time.Minute},
		{"expired", []string{tag, "Expires: 0"}, true, 0},
		{"max-age over expires", []string{tag, "Cache-Control: max-age=5", "Expires: " + at(time.Hour)}, true, 5 * time.Second},
		{"on its way for a while", []string{tag, "Cache-Control: max-age=60", "Age: 20"}, true, 40 * time.Second},
		{"too old when it came", []string{tag, "Cache-Control: max-age=60", "Age: 61"}, true, 0},
		{"made a while ago", []string{tag, "Cache-Control: max-age=60", "Date: " + at(-50*time.Second)}, true, 10 * time.Second},
		{"vary *", []string{tag, "Vary: Accept, *"}, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, keep := New(fields(tt.got...), fields(), noon, noon)
			if keep != tt.keep {
				t.Fatalf("keep = %v", keep)
			}
			if !keep {
				return
			}
			if e.Fresh(noon) != (tt.fresh > 0) || e.Fresh(noon.Add(tt.fresh)) || tt.fresh > 0 && !e.Fresh(noon.Add(tt.fresh-1)) {
				t.Errorf("fresh until %v, want %v", e.FreshUntil.Sub(noon), tt.fresh)
			}
			if e.Fresh(noon.Add(-time.Second)) {
				t.Error("fresh before it was stored")
			}
		})
	}
}

// The time from the request to the answer counts as age.
func TestAgeOfASlowAnswer(t *testing.T) {
	e, _ := New(fields("Cache-Control: max-age=60"), fields(), noon.Add(-20*time.Second), noon)
	if got := e.FreshUntil.Sub(noon); got != 40*time.Second {
		t.Errorf("fresh for %v", got)
	}
}

func TestMatches(t *testing.T) {
	e, ok := New(fields(tag, "Vary: Accept-Language", "Vary: x-y"), fields("Accept-Language: de"), noon, noon)
	if !ok {
		t.Fatal("not kept")
	}
	for _, tt := range []struct {
		sent []string
		want bool
	}{
		{[]string{"Accept-Language: de"}, true},
		{[]string{"Accept-Language: de", "Other: z"}, true},
		{[]string{"Accept-Language: en"}, false},
		{nil, false},
		{[]string{"Accept-Language: de", "X-Y: 1"}, false},
	} {
		if got := e.Matches(fields(tt.sent...)); got != tt.want {
			t.Errorf("%q: %v", tt.sent, got)
		}
	}
}

func TestRefresh(t *testing.T) {
	e, _ := New(fields(tag, "Cache-Control: max-age=60"), fields(), noon, noon)
	later := noon.Add(time.Hour)
	again, ok := e.Refresh(fields(), later, later)
	if !ok || !again.Fresh(later.Add(59*time.Second)) || again.ETag != `"a"` {
		t.Errorf("%v %+v", ok, again)
	}
	if again, ok = e.Refresh(fields("Cache-Control: no-cache", `ETag: "b"`), later, later); !ok || again.Fresh(later) || again.ETag != `"b"` {
		t.Errorf("%v %+v", ok, again)
	}
	if _, ok = e.Refresh(fields("Cache-Control: no-store"), later, later); ok {
		t.Error("kept in spite of no-store")
	}
}

func TestConfirmed(t *testing.T) {
	e, _ := New(fields(tag), fields(), noon, noon)
	e.Final = "http://h/2"
	for _, tt := range []struct {
		got, final string
		want       bool
	}{
		{"", "http://h/2", true},
		{tag, "http://h/2", true},
		{`ETag: W/"a"`, "http://h/2", true},
		{`ETag: "b"`, "http://h/2", false},
		{tag, "", false},
		{tag, "http://h/3", false},
	} {
		if got := e.Confirmed(fields(tt.got), tt.final); got != tt.want {
			t.Errorf("%q %q: %v", tt.got, tt.final, got)
		}
	}
	if e.Fresh(noon) {
		t.Error("a copy that a redirect led to is never fresh")
	}
}
