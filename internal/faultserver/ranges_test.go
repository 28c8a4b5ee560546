package faultserver

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// part returns bytes first to last of Content(id, 1000).
func part(id string, first, last int64) string {
	b, _ := io.ReadAll(io.NewSectionReader(Content(id, 1000), first, last-first+1))
	return string(b)
}

func TestRanges(t *testing.T) {
	s := start(t, Config{})
	c := client(t, s)
	whole := part("a", 0, 999)
	for _, tt := range []struct {
		name, query string
		header      []string
		status      int
		body        string
		content     string // Content-Range
	}{
		{"whole", "", nil, 200, whole, ""},
		{"from", "", []string{"Range", "bytes=600-"}, 206, part("a", 600, 999), "bytes 600-999/1000"},
		{"between", "", []string{"Range", "bytes=1-3"}, 206, part("a", 1, 3), "bytes 1-3/1000"},
		{"beyond", "", []string{"Range", "bytes=990-2000"}, 206, part("a", 990, 999), "bytes 990-999/1000"},
		{"last", "", []string{"Range", "bytes=-10"}, 206, part("a", 990, 999), "bytes 990-999/1000"},
		{"not there", "", []string{"Range", "bytes=1000-"}, 416, "", "bytes */1000"},
		{"other unit", "", []string{"Range", "lines=1-2"}, 200, whole, ""},
		{"several", "", []string{"Range", "bytes=1-2,5-6"}, 200, whole, ""},
		{"backwards", "", []string{"Range", "bytes=5-2"}, 200, whole, ""},
		{"same entity", "", []string{"Range", "bytes=600-", "If-Range", `"a"`}, 206, part("a", 600, 999), "bytes 600-999/1000"},
		{"other entity", "", []string{"Range", "bytes=600-", "If-Range", `"b"`}, 200, whole, ""},
		{"other entity, ignored", "?ifrange=ignore", []string{"Range", "bytes=600-", "If-Range", `"b"`}, 206, part("a", 600, 999), "bytes 600-999/1000"},
		{"weak is no validator", "?etag=weak", []string{"Range", "bytes=600-", "If-Range", `W/"a"`}, 200, whole, ""},
		{"date", "?lm=1", []string{"Range", "bytes=600-", "If-Range", modified.Format(http.TimeFormat)}, 206, part("a", 600, 999), "bytes 600-999/1000"},
		{"date that was not sent", "", []string{"Range", "bytes=600-", "If-Range", modified.Format(http.TimeFormat)}, 200, whole, ""},
		{"ignored", "?range=ignore", []string{"Range", "bytes=600-"}, 200, whole, ""},
		{"lie-start", "?range=lie-start", []string{"Range", "bytes=600-"}, 206, part("a", 599, 999), "bytes 599-999/1000"},
		{"lie-total", "?range=lie-total", []string{"Range", "bytes=600-"}, 206, part("a", 600, 999), "bytes 600-999/1001"},
		{"lie-none", "?range=lie-none", []string{"Range", "bytes=600-"}, 206, part("a", 600, 999), ""},
		{"416", "?range=416", []string{"Range", "bytes=600-"}, 416, "", "bytes */1000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, listener := range []string{Plain, H2} {
				got := ask(t, c, http.MethodGet, s.URL(listener, "/range/1000/a"+tt.query), "", tt.header...)
				if got.err != nil || got.status != tt.status || got.body != tt.body || got.header.Get("Content-Range") != tt.content {
					t.Errorf("%s: %d, %d bytes, Content-Range %q, %v", listener, got.status, len(got.body), got.header.Get("Content-Range"), got.err)
				}
			}
		})
	}
	t.Run("multipart", func(t *testing.T) {
		got := ask(t, c, http.MethodGet, s.URL(Plain, "/range/1000/a?range=multipart"), "", "Range", "bytes=600-")
		if got.status != 206 || !strings.HasPrefix(got.header.Get("Content-Type"), "multipart/byteranges") ||
			!strings.Contains(got.body, part("a", 600, 999)) || !strings.Contains(got.body, "Content-Range: bytes 600-999/1000") {
			t.Errorf("%+v", got)
		}
	})
}

func TestEtags(t *testing.T) {
	s := start(t, Config{})
	c := client(t, s)
	for query, want := range map[string][]string{
		"":             {`"a"`, `"a"`},
		"?etag=weak":   {`W/"a"`, `W/"a"`},
		"?etag=none":   {"", ""},
		"?etag=change": {`"a"`, `"a#2"`, `"a#2"`},
	} {
		s.Reset()
		var got []string
		for i := range want {
			r := ask(t, c, http.MethodGet, s.URL(Plain, "/range/1000/a"+query), "")
			got = append(got, r.header.Get("Etag"))
			id := "a"
			if query == "?etag=change" && i > 0 {
				id = "a#2"
			}
			if r.body != part(id, 0, 999) {
				t.Errorf("%s, request %d: another content", query, i+1)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
}

func TestCutAnswersCanBeResumed(t *testing.T) {
	s := start(t, Config{})
	for _, tt := range []struct {
		path string
		size int64
		cuts []int // the bytes that arrive of each answer before the last
	}{
		{"/range/1000/a?cut=300", 1000, []int{300}},
		{"/range/1000/a?cut=300&cuts=2", 1000, []int{300, 300}},
		{"/range/1000/a?cut=0", 1000, []int{0}},
		{"/cut-then-ok/2/a?size=1000", 1000, []int{500, 250}},
		{"/cut-then-ok/1/a", 64 << 10, []int{32 << 10}},
	} {
		for _, listener := range []string{Plain, H2} {
			for _, end := range []string{"close", "reset"} {
				s.Reset()
				path := tt.path
				if strings.Contains(path, "?") {
					path += "&end=" + end
				} else {
					path += "?end=" + end
				}
				c, body := client(t, s), ""
				for i, want := range tt.cuts {
					got := ask(t, c, http.MethodGet, s.URL(listener, path), "", "Range", "bytes="+strconv.Itoa(len(body))+"-", "If-Range", `"a"`)
					if got.err == nil || len(got.body) != want {
						t.Errorf("%s %s, answer %d: %d bytes, %v; want %d and a failure", listener, path, i+1, len(got.body), got.err, want)
					}
					body += got.body
				}
				got := ask(t, c, http.MethodGet, s.URL(listener, path), "", "Range", "bytes="+strconv.Itoa(len(body))+"-", "If-Range", `"a"`)
				whole, _ := io.ReadAll(Content("a", tt.size))
				if got.err != nil || got.status != 206 || body+got.body != string(whole) {
					t.Errorf("%s %s, the rest: %d, %d bytes, %v", listener, path, got.status, len(got.body), got.err)
				}
			}
		}
	}
}

func TestCond(t *testing.T) {
	s := start(t, Config{})
	c := client(t, s)
	date := modified.Format(http.TimeFormat)
	for _, tt := range []struct {
		name, query string
		header      []string
		status      int
	}{
		{"unconditional", "", nil, 200},
		{"match", "", []string{"If-None-Match", `"a-1"`}, 304},
		{"match, weakly", "?etag=weak", []string{"If-None-Match", `"a-1"`}, 304},
		{"one of a list", "", []string{"If-None-Match", `"x", "a-1"`}, 304},
		{"any", "", []string{"If-None-Match", "*"}, 304},
		{"other", "", []string{"If-None-Match", `"x"`}, 200},
		{"other version", "?v=2", []string{"If-None-Match", `"a-1"`}, 200},
		{"no tag to match", "?etag=none", []string{"If-None-Match", `""`}, 200},
		{"date", "", []string{"If-Modified-Since", date}, 304},
		{"older date", "", []string{"If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"}, 200},
		{"tag before date", "", []string{"If-None-Match", `"x"`, "If-Modified-Since", date}, 200},
	} {
		got := ask(t, c, http.MethodGet, s.URL(Plain, "/cond/a"+tt.query), "", tt.header...)
		if got.status != tt.status || got.header.Get("Last-Modified") != date {
			t.Errorf("%s: %+v", tt.name, got)
		}
		if tt.status == 304 && got.body != "" {
			t.Errorf("%s: 304 with body %q", tt.name, got.body)
		}
	}
	got := ask(t, c, http.MethodGet, s.URL(Plain, "/cond/a?max-age=60"), "")
	if got.header.Get("Cache-Control") != "max-age=60" || got.header.Get("Etag") != `"a-1"` {
		t.Errorf("max-age: %+v", got)
	}
}
