package httpx

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/task"
)

func TestKeep(t *testing.T) {
	got := keep(nil, http.Header{
		"Etag": {`"a"`, `"b"`}, "Last-Modified": {"Fri, 02 Jan 2026 03:04:05 GMT"}, "Location": {"http://u:p@h/?sig=x"}, "Retry-After": {"3"},
		"Ratelimit-Limit": {"10"}, "Ratelimit": {"limit=10"}, "X-Ratelimit-Limit": {"10"}, "Set-Cookie": {"secret"}, "Ratelimitless": {"1"},
	})
	want := map[string]string{
		"etag": `"a"`, "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT", "location": "http://REDACTED:REDACTED@h/?sig=REDACTED", "retry-after": "3",
		"ratelimit-limit": "10", "ratelimit": "limit=10",
	}
	names := map[string]string{}
	for _, f := range got {
		names[f.Name] = f.Value
	}
	if diff := cmp.Diff(want, names); diff != "" || len(got) != len(want) {
		t.Error(diff)
	}
}

func BenchmarkKeep(b *testing.B) {
	none := http.Header{"Server": {"x"}, "Date": {"x"}, "Content-Type": {"x"}, "Content-Length": {"1"}, "Connection": {"keep-alive"}, "Accept-Ranges": {"bytes"}}
	nginx := none.Clone()
	nginx["Etag"], nginx["Last-Modified"] = []string{`"6384cd3a-c8"`}, []string{"Fri, 02 Jan 2026 03:04:05 GMT"}
	for name, h := range map[string]http.Header{"none": none, "nginx": nginx} {
		b.Run("header="+name, func(b *testing.B) {
			b.ReportAllocs()
			var rec task.Record
			for b.Loop() {
				rec.Headers = keep(rec.Headers[:0], h)
			}
		})
	}
}
