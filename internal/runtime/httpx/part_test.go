package httpx

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/bubble"
	"github.com/specify-cli/specify/internal/task"
)

// memory is a Sink that keeps what it was given.
type memory struct {
	body []byte
	pipe bool // nothing can be taken back
}

func (m *memory) Write(p []byte) (int, error) {
	m.body = append(m.body, p...)
	return len(p), nil
}

func (m *memory) Rewind(offset int64) error {
	if offset > int64(len(m.body)) || m.pipe && offset != int64(len(m.body)) {
		return fmt.Errorf("rewind to %d of %d", offset, len(m.body))
	}
	m.body = m.body[:offset]
	return nil
}

// half is an answer that breaks in the middle of "0123456789".
func half(header http.Header) answer {
	return answer{status: 200, header: header, body: "01234", bodyErr: io.ErrUnexpectedEOF}
}

// rest is a 206 with so much of it.
func rest(content, body string, header http.Header) answer {
	header = header.Clone()
	header.Set("Content-Range", content)
	return answer{status: 206, header: header, body: body}
}

// What becomes of a body that broke at "01234", by the answer to the request
// for the rest.
func TestGoOn(t *testing.T) {
	tagged := http.Header{"Etag": {`"v1"`}}
	changed := http.Header{"Etag": {`"v2"`}}
	dated := http.Header{"Last-Modified": {"Sun, 22 Nov 2026 10:00:00 GMT"}, "Date": {"Sun, 22 Nov 2026 11:00:00 GMT"}}
	tests := map[string]struct {
		first   http.Header
		answers []answer // after the first
		ranges  []string // asked for, of all requests
		want    string   // the body, or the type of the error
		resumed int64
		pipe    bool
	}{
		"rest":           {tagged, []answer{rest("bytes 5-9/10", "56789", tagged)}, []string{"", "bytes=5-"}, "0123456789", 5, false},
		"rest to a pipe": {tagged, []answer{rest("bytes 5-9/10", "56789", tagged)}, []string{"", "bytes=5-"}, "0123456789", 5, true},
		"rest by date":   {dated, []answer{rest("bytes 5-9/10", "56789", dated)}, []string{"", "bytes=5-"}, "0123456789", 5, false},
		"rest in pieces": {tagged, []answer{rest("bytes 5-6/10", "56", tagged), rest("bytes 7-9/10", "789", tagged)},
			[]string{"", "bytes=5-", "bytes=7-"}, "0123456789", 7, false},
		"rest after a 503": {tagged, []answer{{status: 503}, rest("bytes 5-9/10", "56789", tagged)},
			[]string{"", "bytes=5-", "bytes=5-"}, "0123456789", 5, false},
		"rest broken again": {tagged, []answer{{status: 206, header: http.Header{"Etag": {`"v1"`}, "Content-Range": {"bytes 5-9/10"}}, body: "567", bodyErr: io.ErrUnexpectedEOF},
			rest("bytes 8-9/10", "89", tagged)}, []string{"", "bytes=5-", "bytes=8-"}, "0123456789", 8, false},
		"no validator":    {nil, []answer{{status: 200, body: "0123456789"}}, []string{"", ""}, "0123456789", task.Unknown, false},
		"weak validator":  {http.Header{"Etag": {`W/"v1"`}}, []answer{{status: 200, body: "0123456789"}}, []string{"", ""}, "0123456789", task.Unknown, false},
		"whole":           {tagged, []answer{{status: 200, header: changed, body: "abc"}}, []string{"", "bytes=5-"}, "abc", task.Unknown, false},
		"whole to a pipe": {tagged, []answer{{status: 200, header: changed, body: "abc"}}, []string{"", "bytes=5-"}, "bad_response", task.Unknown, true},
		"416": {tagged, []answer{{status: 416, header: http.Header{"Content-Range": {"bytes */3"}}}, {status: 200, body: "abc"}},
			[]string{"", "bytes=5-", ""}, "abc", task.Unknown, false},
		"416 of the same length": {tagged, []answer{{status: 416, header: http.Header{"Content-Range": {"bytes */5"}}}, {status: 200, body: "abcde"}},
			[]string{"", "bytes=5-", ""}, "abcde", task.Unknown, false},
		"416 twice":        {tagged, []answer{{status: 416}, {status: 416}}, []string{"", "bytes=5-", ""}, "416", task.Unknown, false},
		"another entity":   {tagged, []answer{rest("bytes 5-9/10", "fghij", changed), {status: 200, body: "abcdefghij"}}, []string{"", "bytes=5-", ""}, "abcdefghij", task.Unknown, false},
		"untold entity":    {tagged, []answer{rest("bytes 5-9/10", "fghij", http.Header{}), {status: 200, body: "abcdefghij"}}, []string{"", "bytes=5-", ""}, "abcdefghij", task.Unknown, false},
		"another date":     {dated, []answer{rest("bytes 5-9/10", "fghij", http.Header{"Last-Modified": {"Sun, 22 Nov 2026 10:00:01 GMT"}}), {status: 200, body: "abcdefghij"}}, []string{"", "bytes=5-", ""}, "abcdefghij", task.Unknown, false},
		"wrong start":      {tagged, []answer{rest("bytes 4-9/10", "456789", tagged), {status: 200, body: "0123456789"}}, []string{"", "bytes=5-", ""}, "0123456789", task.Unknown, false},
		"no Content-Range": {tagged, []answer{{status: 206, header: tagged, body: "56789"}, {status: 200, body: "0123456789"}}, []string{"", "bytes=5-", ""}, "0123456789", task.Unknown, false},
		"untold total":     {tagged, []answer{rest("bytes 5-9/*", "56789", tagged), {status: 200, body: "0123456789"}}, []string{"", "bytes=5-", ""}, "0123456789", task.Unknown, false},
		"compressed rest": {tagged, []answer{rest("bytes 5-9/10", "56789", http.Header{"Etag": {`"v1"`}, "Content-Encoding": {"gzip"}}), {status: 200, body: "0123456789"}},
			[]string{"", "bytes=5-", ""}, "0123456789", task.Unknown, false},
		"compressed whole": {tagged, []answer{{status: 200, header: http.Header{"Content-Encoding": {"gzip"}}, body: "\x1f\x8b"}, {status: 200, body: "0123456789"}},
			[]string{"", "bytes=5-", ""}, "0123456789", task.Unknown, false},
		"compressed from the start": {http.Header{"Etag": {`"v1"`}, "Content-Encoding": {"gzip"}}, []answer{{status: 200, body: "0123456789"}}, []string{"", ""}, "0123456789", task.Unknown, false},
		"several parts":             {tagged, []answer{{status: 206, header: http.Header{"Content-Type": {"multipart/byteranges; boundary=x"}}}}, []string{"", "bytes=5-"}, "bad_response", task.Unknown, false},
		"too long": {tagged, []answer{rest("bytes 5-9/10", "567890", tagged), {status: 200, body: "0123456789"}},
			[]string{"", "bytes=5-", ""}, "0123456789", task.Unknown, false},
		"too short": {tagged, []answer{rest("bytes 5-9/10", "5678", tagged), rest("bytes 9-9/10", "9", tagged)},
			[]string{"", "bytes=5-", "bytes=9-"}, "0123456789", 9, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				answers := append([]answer{half(tt.first)}, tt.answers...)
				w := &world{answer: func(_ *http.Request, nth int) answer { return answers[min(nth, len(answers))-1] }}
				sink := &memory{pipe: tt.pipe}
				o := defaults()
				o.sink = sink
				r := run(t, o, w, "http://h.test/x")[0]
				got := string(sink.body)
				if r.Error != nil {
					got = string(r.Error.Type)
				}
				var ranges []string
				for _, s := range w.log {
					ranges = append(ranges, s.header.Get("Range"))
					if (s.header.Get("Range") == "") != (s.header.Get("If-Range") == "") || (s.header.Get("Range") == "") == (s.header.Get("Accept-Encoding") == "identity") {
						t.Errorf("asked with %v", s.header)
					}
				}
				if got != tt.want || r.Resumed != tt.resumed || !slices.Equal(ranges, tt.ranges) {
					t.Errorf("%q (%v), resumed %d, asked for %q", got, r.Error, r.Resumed, ranges)
				}
				if r.Error == nil && r.Bytes != int64(len(tt.want)) {
					t.Errorf("%d bytes", r.Bytes)
				}
				checkTiming(t, &r)
			})
		})
	}
}

// A redirect to another origin, where most downloads end, takes along what asks
// for the rest, and nothing of the user's; and the rest must come from where
// the beginning came.
func TestGoOnBehindRedirect(t *testing.T) {
	for name, second := range map[string]string{"same": "http://cdn.test/a?sig=2", "another": "http://cdn.test/b?sig=2"} {
		bubble.Test(t, func(t *testing.T) {
			hops := []string{"http://cdn.test/a?sig=1", second, second}
			w := &world{}
			w.answer = func(req *http.Request, nth int) answer {
				tagged := http.Header{"Etag": {`"v1"`}}
				switch {
				case req.URL.Host == "h.test":
					return answer{status: 302, header: http.Header{"Location": {hops[nth-1]}}}
				case req.Header.Get("Range") != "":
					return rest("bytes 5-9/10", "56789", tagged)
				case req.URL.RawQuery == "sig=1":
					return half(tagged)
				}
				return answer{status: 200, body: "abcdefghij"}
			}
			sink := &memory{}
			o := defaults()
			o.sink, o.header = sink, []task.Field{{Name: "X-Secret", Value: "1"}}
			r := run(t, o, w, "http://h.test/x")[0]
			want := map[string]string{"same": "0123456789", "another": "abcdefghij"}[name]
			if r.Error != nil || string(sink.body) != want {
				t.Errorf("%s: %q, %v", name, sink.body, r.Error)
			}
			for _, s := range w.log {
				if strings.Contains(s.url, "cdn.test") && s.header.Get("X-Secret") != "" {
					t.Errorf("the user's header went to %s", s.url)
				}
			}
		})
	}
}

// Found bytes are gone on with where the server's entity may be theirs.
func TestFound(t *testing.T) {
	written := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	older := http.Header{"Last-Modified": {written.Add(-time.Second).Format(http.TimeFormat)}}
	newer := http.Header{"Last-Modified": {written.Add(time.Second).Format(http.TimeFormat)}}
	for name, tt := range map[string]struct {
		answers  []answer
		requests int
		want     string
		resumed  int64
	}{
		"rest":           {[]answer{rest("bytes 5-9/10", "56789", older)}, 1, "0123456789", 5},
		"rest, undated":  {[]answer{rest("bytes 5-9/10", "56789", http.Header{})}, 1, "0123456789", 5},
		"rest of newer":  {[]answer{rest("bytes 5-9/10", "fghij", newer), {status: 200, body: "abcdefghij"}}, 2, "abcdefghij", task.Unknown},
		"nothing behind": {[]answer{{status: 416, header: http.Header{"Content-Range": {"bytes */5"}}}}, 1, "01234", 5},
		"shorter":        {[]answer{{status: 416, header: http.Header{"Content-Range": {"bytes */4"}}}, {status: 200, body: "abcd"}}, 2, "abcd", task.Unknown},
		"untold":         {[]answer{{status: 416}, {status: 200, body: "abcd"}}, 2, "abcd", task.Unknown},
		"no ranges":      {[]answer{{status: 200, body: "0123456789"}}, 1, "0123456789", task.Unknown},
		"not found":      {[]answer{{status: 404}}, 1, "404", task.Unknown},
		"broken, unvalidated": {[]answer{{status: 206, header: http.Header{"Content-Range": {"bytes 5-9/10"}}, body: "567", bodyErr: io.ErrUnexpectedEOF},
			rest("bytes 8-9/10", "89", http.Header{})}, 2, "0123456789", 8},
	} {
		t.Run(name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				w := &world{answer: func(_ *http.Request, nth int) answer { return tt.answers[min(nth, len(tt.answers))-1] }}
				sink := &memory{body: []byte("01234")}
				o := defaults()
				o.sink, o.found = sink, &Found{Bytes: 5, Written: written}
				r := run(t, o, w, "http://h.test/x")[0]
				got := string(sink.body)
				if r.Error != nil {
					got = string(r.Error.Type)
				}
				if got != tt.want || len(w.log) != tt.requests || r.Resumed != tt.resumed {
					t.Errorf("%q (%v) after %d requests, resumed %d", got, r.Error, len(w.log), r.Resumed)
				}
				if w.log[0].header.Get("Range") != "bytes=5-" || w.log[0].header.Get("If-Range") != "" {
					t.Errorf("asked with %v", w.log[0].header)
				}
			})
		})
	}
}

// step is what the model server does with one request.
type step struct {
	change bool
	cut    int // percent of the body that comes; 100 is all
	lie    string
}

var lies = []string{"", "", "", "", "ignore Range", "ignore If-Range", "start-1", "start+1", "total+1", "total-1", "no range", "no tag", "weak tag",
	"416", "multipart", "longer", "gzip", "503", "piece"}

// liar serves an entity that changes, cuts what it sends and lies about ranges.
// What it never does is to give two entities one ETag: that nobody could see.
type liar struct {
	steps    []step
	size     int
	chunked  bool
	weak     bool
	requests int
	version  int
}

func (l *liar) entity(version int) []byte {
	size := l.size + version%3 // some versions have one length
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(version*31 + i*7)
	}
	return b
}

func (l *liar) RoundTrip(req *http.Request) (*http.Response, error) {
	s := step{cut: 100}
	if l.requests < len(l.steps) {
		s = l.steps[l.requests]
	}
	l.requests++
	if s.change {
		l.version++
	}
	body, tag := l.entity(l.version), fmt.Sprintf(`"%d"`, l.version)
	if l.weak {
		tag = "W/" + tag
	}
	h := http.Header{"Etag": {tag}}
	status, length := 200, int64(len(body))
	var from int
	ranged := false
	if n, _ := fmt.Sscanf(req.Header.Get("Range"), "bytes=%d-", &from); n == 1 && s.lie != "ignore Range" {
		ranged = s.lie == "ignore If-Range" || req.Header.Get("If-Range") == "" || req.Header.Get("If-Range") == tag
	}
	switch {
	case s.lie == "503":
		status, body = 503, nil
	case s.lie == "416" && from > 0, ranged && from >= len(body):
		status, body = 416, nil
		h.Set("Content-Range", fmt.Sprintf("bytes */%d", length))
	case ranged:
		status = 206
		total := len(body)
		switch s.lie {
		case "start-1":
			from--
		case "start+1":
			from = min(from+1, len(body)-1)
		case "total+1":
			total++
		case "total-1":
			total--
		}
		last := len(body) - 1
		if s.lie == "piece" {
			last = from
		}
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, last, total))
		body = body[from : last+1]
		switch s.lie {
		case "longer":
			body = append(slices.Clone(body), 'x')
		case "no range":
			h.Del("Content-Range")
		case "no tag":
			h.Del("Etag")
		case "weak tag":
			h.Set("Etag", "W/"+tag)
		case "multipart":
			h.Set("Content-Type", "multipart/byteranges; boundary=b")
		case "gzip":
			h.Set("Content-Encoding", "gzip")
		}
	}
	length = int64(len(body))
	if l.chunked {
		length = -1
	}
	sent := io.Reader(bytes.NewReader(body))
	if n := len(body) * s.cut / 100; n < len(body) {
		sent = io.MultiReader(bytes.NewReader(body[:n]), failing{io.ErrUnexpectedEOF})
	}
	return &http.Response{StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, Request: req,
		ContentLength: length, Body: io.NopCloser(sent)}, nil
}

// Whatever the server does, a task that ends well has exactly the bytes of one
// entity, and with an honest server it ends well.
func TestOneEntityOrNone(t *testing.T) {
	seen := map[bool]int{}
	rapid.Check(t, func(rt *rapid.T) {
		l := &liar{
			size: rapid.IntRange(0, 40).Draw(rt, "size"), chunked: rapid.Bool().Draw(rt, "chunked"), weak: rapid.IntRange(0, 4).Draw(rt, "weak") == 0,
			steps: rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) step {
				return step{
					change: rapid.IntRange(0, 4).Draw(rt, "change") == 0,
					cut:    rapid.IntRange(0, 110).Draw(rt, "cut"),
					lie:    rapid.SampledFrom(lies).Draw(rt, "lie"),
				}
			}), 0, 8).Draw(rt, "steps"),
		}
		pipe := rapid.IntRange(0, 4).Draw(rt, "pipe") == 0
		var r task.Record
		sink := &memory{pipe: pipe}
		bubble.Test(t, func(t *testing.T) {
			o := defaults()
			o.base, o.sink = l, sink
			o.gate.Failures = 0
			o.client.Retry.Max = 10
			r = run(t, o, &world{}, "http://h.test/x")[0]
		})
		seen[r.Error == nil]++
		if r.Attempts > 11 || l.requests > r.Attempts+1 {
			rt.Fatalf("%d attempts, %d requests", r.Attempts, l.requests)
		}
		if r.Error != nil {
			if pipe {
				return
			}
			for _, s := range l.steps {
				if s.lie == "multipart" {
					return
				}
			}
			rt.Fatalf("failed: %v", r.Error)
		}
		if r.Bytes != int64(len(sink.body)) {
			rt.Fatalf("%d bytes recorded, %d written", r.Bytes, len(sink.body))
		}
		for version := range l.version + 1 {
			if bytes.Equal(sink.body, l.entity(version)) {
				return
			}
		}
		rt.Fatalf("% x is no entity of the server's", sink.body)
	})
	if seen[true] < seen[false] {
		t.Errorf("%d runs ended well, %d did not", seen[true], seen[false])
	}
}
