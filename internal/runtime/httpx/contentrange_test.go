package httpx

import (
	"net/http"
	"testing"
	"time"
)

func TestRangeOf(t *testing.T) {
	for value, want := range map[string]contentRange{
		"bytes 0-0/1":     {0, 0, 1},
		"bytes 5-9/10":    {5, 9, 10},
		"Bytes 5-9/*":     {5, 9, -1},
		"bytes */10":      {-1, -1, 10},
		"bytes 0-9/00010": {0, 9, 10},
	} {
		if got, ok := rangeOf(http.Header{"Content-Range": {value}}); !ok || got != want {
			t.Errorf("%q: %+v, %t", value, got, ok)
		}
	}
	for _, value := range []string{
		"", "bytes", "bytes ", "bytes 5-9", "5-9/10", "items 5-9/10", "bytes 9-5/10", "bytes 5-10/10", "bytes -5/10", "bytes 5-/10",
		"bytes +5-9/10", "bytes 5 -9/10", "bytes  5-9/10", "bytes 5-9/ 10", "bytes 5-9/-1", "bytes 5-9/10/11", "bytes 5-9-10/11",
		"bytes */*", "bytes 0-1/99999999999999999999", "bytes 99999999999999999999-1/10", "bytes=5-9/10", "bytes 5-9/1e3", "bytes 5-9/10,",
	} {
		if got, ok := rangeOf(http.Header{"Content-Range": {value}}); ok {
			t.Errorf("%q was taken for %+v", value, got)
		}
	}
	if _, ok := rangeOf(http.Header{"Content-Range": {"bytes 5-9/10", "bytes 5-9/10"}}); ok {
		t.Error("two fields were taken for one")
	}
}

// FuzzContentRange: what is taken for a Content-Range makes sense, and says the
// same when it is written again.
func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"bytes 5-9/10", "bytes */10", "bytes 0-0/*", "BYTES 1-2/3", "bytes 9-5/10", "bytes 0-9223372036854775807/*"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r, ok := rangeOf(http.Header{"Content-Range": {value}})
		if !ok {
			return
		}
		if r.first > r.last || r.total >= 0 && r.last >= r.total || r.first < 0 && (r.last >= 0 || r.total < 0) {
			t.Errorf("%q was taken for %+v", value, r)
		}
		if again, ok := rangeOf(http.Header{"Content-Range": {r.String()}}); !ok || again != r {
			t.Errorf("%q became %q", value, r)
		}
	})
}

func TestStrongValidator(t *testing.T) {
	date := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	at := func(ago time.Duration) string { return date.Add(-ago).Format(http.TimeFormat) }
	for name, tt := range map[string]struct {
		header http.Header
		want   string
	}{
		"strong tag":             {http.Header{"Etag": {`"a"`}}, `"a"`},
		"empty tag":              {http.Header{"Etag": {`""`}}, `""`},
		"weak tag":               {http.Header{"Etag": {`W/"a"`}}, ""},
		"unquoted tag":           {http.Header{"Etag": {`a`}}, ""},
		"half a tag":             {http.Header{"Etag": {`"`}}, ""},
		"two tags":               {http.Header{"Etag": {`"a"`, `"b"`}}, ""},
		"tag with quote":         {http.Header{"Etag": {`"a", "b"`}}, ""},
		"old date":               {http.Header{"Last-Modified": {at(time.Hour)}, "Date": {at(0)}}, at(time.Hour)},
		"date just now":          {http.Header{"Last-Modified": {at(time.Second)}, "Date": {at(0)}}, ""},
		"date without clock":     {http.Header{"Last-Modified": {at(time.Hour)}}, ""},
		"weak tag with old date": {http.Header{"Etag": {`W/"a"`}, "Last-Modified": {at(time.Hour)}, "Date": {at(0)}}, ""},
		"nonsense":               {http.Header{"Last-Modified": {"yesterday"}, "Date": {at(0)}}, ""},
	} {
		got := strongValidator(tt.header)
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		if got != "" && !sameEntity(got, tt.header) {
			t.Errorf("%s: not the same as itself", name)
		}
	}
	for name, h := range map[string]http.Header{
		"none": {}, "another": {"Etag": {`"b"`}}, "weak": {"Etag": {`W/"a"`}}, "twice": {"Etag": {`"a"`, `"a"`}},
	} {
		if sameEntity(`"a"`, h) {
			t.Errorf("%s was taken for the same", name)
		}
	}
	if sameEntity(at(time.Hour), http.Header{"Last-Modified": {at(time.Hour)}, "Etag": {`"a"`}}) {
		t.Error("an entity that has a tag now was taken for one without")
	}
}
