package direct

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// One memory for the headers of many answers, which are alike and are not: what
// is read into it is what net/http makes of each.
func TestFieldsOfManyAnswers(t *testing.T) {
	again := 0
	rapid.Check(t, func(rt *rapid.T) {
		lines := rapid.SampledFrom([]string{
			"Date: Mon", "Date: Tue", "date: Wed", "ETag: \"a\"", "ETag:\"b\" ", "Content-Type: text/plain", "Set-Cookie: a=b", "Set-Cookie: c=d", "X-Empty:",
			"Connection: keep-alive", "Connection: close", "Pragma: no-cache", "Transfer-Encoding: chunked", "Content-Length: 7", "Content-Length: 08", "Content-Length: x",
			"X: a\nY: b", "no field", " folded", "Bad Name: x", "X-Bad: a\x00b",
		})
		f := new(fields)
		for range rapid.IntRange(1, 8).Draw(rt, "answers") {
			header := rapid.SliceOfN(lines, 0, plainFields+2).Draw(rt, "lines")
			for range rapid.IntRange(1, 3).Draw(rt, "times") {
				text := "HTTP/1.1 200 OK\r\n" + strings.Join(append([]string{"Content-Length: 5"}, header...), "\r\n") + "\r\n\r\n"
				got := &http.Response{}
				before := f.n
				if !plainAnswer(ahead(text), got, f) {
					continue
				}
				if before > 0 && before == f.n {
					again++
				}
				want, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), nil)
				if err != nil {
					rt.Fatalf("%q is taken, and is %v", text, err)
				}
				want.Body.Close()
				if diff := cmp.Diff(want.Header, got.Header); diff != "" || got.ContentLength != want.ContentLength {
					rt.Errorf("%q: %d bytes, want %d (-want +got):\n%s", text, got.ContentLength, want.ContentLength, diff)
				}
				f.clear()
			}
		}
	})
	if again == 0 {
		t.Error("no header was used again")
	}
}

// ahead is a reader that holds text already.
func ahead(text string) *bufio.Reader {
	br := bufio.NewReaderSize(strings.NewReader(text), len(text)+16)
	_, _ = br.Peek(len(text))
	return br
}
