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
			header := append([]string{"Content-Length: 5"}, rapid.SliceOfN(lines, 0, plainFields+1).Draw(rt, "lines")...)
			body := rapid.SampledFrom([]string{"", "\r\n\r\n", "ETag: \"a\"\r\n\r\n"}).Draw(rt, "body")
			for range rapid.IntRange(1, 4).Draw(rt, "times") {
				header[rapid.IntRange(0, len(header)-1).Draw(rt, "changed")] += rapid.SampledFrom([]string{"", "1", " "}).Draw(rt, "by")
				text := "HTTP/1.1 200 OK\r\n" + strings.Join(header, "\r\n") + "\r\n\r\n"
				got := &http.Response{}
				before := f.n
				br := ahead(text + body)
				if !plainAnswer(br, got, f) {
					continue
				}
				if left := br.Buffered(); left != len(body) {
					rt.Errorf("%q: %d bytes left for the body, want %d", text, left, len(body))
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
				if !plainAnswer(ahead(text), &http.Response{}, f) {
					rt.Errorf("%q is taken once only", text)
				}
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
