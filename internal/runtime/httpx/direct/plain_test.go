package direct

import (
	"bytes"
	"net/http"
	"net/url"
	"testing"
)

// FuzzPlainRequest shows that a plain request passes all checks, and is, byte for
// byte, what Request.Write makes of it, whatever was sent before it.
func FuzzPlainRequest(f *testing.F) {
	f.Add("GET", "h.test:80", "", "/a/b", "x=1", "agent", "Accept", " */* ", "X-B", "b")
	f.Add("GET", "h", "", "/", "", "a", "Accept", "b", "Accept", "b")
	f.Add("HEAD", "h.test", "other:81", "", "", " \tagent\t", "accept", "", "Accept", "2")
	f.Add("GET", "[::1%25eth0]:80", "", "/ä b%2f?", "ü", "", "Host", "x", "Content-Length", "7")
	f.Add("GET", "h", "a b", "/", "", "a", "Connection", "close", "Trailer", "x")
	f.Add("POST", "h", "", "/", "", "a", "Transfer-Encoding", "chunked", "user-agent", "b")
	f.Fuzz(func(t *testing.T, method, urlHost, host, path, query, agent, name1, value1, name2, value2 string) {
		req := &http.Request{
			Method: method, URL: &url.URL{Scheme: "http", Host: urlHost, Path: path, RawQuery: query}, Host: host,
			Header: http.Header{"User-Agent": {agent}, name1: {value1, value2}, name2: {value2}},
		}
		memory := new(plainRequest)
		one, fewer, other := *req, *req, *req
		one.Header = http.Header{"User-Agent": {agent}, name1: {value1}, name2: {value2}}
		fewer.Header = http.Header{"User-Agent": {agent}, name2: {value2}}
		other.Header = http.Header{"User-Agent": {agent}, name1: {value2}, name2: {value1}}
		for _, req := range []*http.Request{&one, req, &fewer, &one, &other, &other} {
			got := memory.of(req)
			if alone := new(plainRequest).of(req); !bytes.Equal(got, alone) {
				t.Fatalf("%q after others, %q alone", got, alone)
			}
			if got == nil {
				continue
			}
			if err := check(req); err != nil || !direct(req) || wantsClose(req) {
				t.Fatalf("%q is plain; check: %v", got, err)
			}
			var want bytes.Buffer
			if err := req.Write(&want); err != nil || !bytes.Equal(got, want.Bytes()) {
				t.Errorf("%q, want %q (%v)", got, want.Bytes(), err)
			}
		}
	})
}

// What the program sends for a line that is a URL is plain.
func TestPlainRequest(t *testing.T) {
	for _, method := range []string{"GET", "HEAD"} {
		req, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:8080/a%20b?c=d", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"User-Agent": {"specify"}, "Accept": {"*/*"}, "Accept-Encoding": {"gzip"}}
		got := string(new(plainRequest).of(req))
		want := method + " /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: specify\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n"
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
