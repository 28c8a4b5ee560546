package direct

import (
	"bufio"
	"bytes"
	"net/http"
	"net/url"
	"testing"
)

// FuzzWritePlain shows that a plain request is, byte for byte, what
// Request.Write makes of it.
func FuzzWritePlain(f *testing.F) {
	f.Add("GET", "h.test:80", "", "/a/b", "x=1", "agent", "Accept", " */* ", "X-B", "b")
	f.Add("HEAD", "h.test", "other:81", "", "", " \tagent\t", "accept", "", "Accept", "2")
	f.Add("GET", "[::1%25eth0]:80", "", "/ä b%2f?", "ü", "", "Host", "x", "Content-Length", "7")
	f.Add("GET", "h", "a b", "/", "", "a", "Connection", "close", "Trailer", "x")
	f.Add("POST", "h", "", "/", "", "a", "Transfer-Encoding", "chunked", "user-agent", "b")
	f.Fuzz(func(t *testing.T, method, urlHost, host, path, query, agent, name1, value1, name2, value2 string) {
		req := &http.Request{
			Method: method, URL: &url.URL{Scheme: "http", Host: urlHost, Path: path, RawQuery: query}, Host: host,
			Header: http.Header{"User-Agent": {agent}, name1: {value1, value2}, name2: {value2}},
		}
		if check(req) != nil || !direct(req) {
			t.Skip()
		}
		var got, want bytes.Buffer
		bw := bufio.NewWriter(&got)
		plain := writePlain(bw, req)
		if err := bw.Flush(); err != nil {
			t.Fatal(err)
		}
		if !plain {
			if got.Len() > 0 {
				t.Errorf("%q of a request that is not plain", got.Bytes())
			}
			return
		}
		if err := req.Write(&want); err != nil || !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%q, want %q (%v)", got.Bytes(), want.Bytes(), err)
		}
	})
}

// What the program sends for a line that is a URL is plain.
func TestWritePlain(t *testing.T) {
	for _, method := range []string{"GET", "HEAD"} {
		req, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:8080/a%20b?c=d", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"User-Agent": {"specify"}, "Accept": {"*/*"}, "Accept-Encoding": {"gzip"}}
		var got bytes.Buffer
		bw := bufio.NewWriter(&got)
		if !writePlain(bw, req) || bw.Flush() != nil {
			t.Fatal("not plain")
		}
		want := method + " /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: specify\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n"
		if got.String() != want {
			t.Errorf("%q, want %q", got.String(), want)
		}
	}
}
