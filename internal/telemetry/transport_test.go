package telemetry_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/splice"
	"github.com/specify-cli/specify/internal/telemetry"
	"github.com/specify-cli/specify/internal/telemetry/otlptest"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// answer makes a transport that answers with body.
func answer(status int, body io.ReadCloser) roundTrip {
	return func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Proto: "HTTP/2.0", Header: http.Header{}, Body: body, Request: req}, nil
	}
}

func request(t *testing.T, method, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// TestAttemptAttributes compares all attributes of spans.
func TestAttemptAttributes(t *testing.T) {
	r := newRun(t, telemetry.Config{Redact: func(u *url.URL) string { return u.Scheme + "://" + u.Host + u.Path + "?sig=REDACTED" }})
	for _, a := range []struct{ method, url string }{
		{"GET", "https://user:SECRET@h.example/x?sig=SECRET"},
		{"SNOOP", "http://[::1]:8080/"},
	} {
		resp, err := r.Transport(answer(200, http.NoBody)).RoundTrip(request(t, a.method, a.url))
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body != http.NoBody {
			t.Error("http.NoBody was replaced")
		}
	}
	want := `
GET CLIENT http.request.method=GET server.address=h.example server.port=443 url.full=https://h.example/x?sig=REDACTED http.response.status_code=200 network.protocol.version=2
HTTP CLIENT http.request.method=_OTHER http.request.method_original=SNOOP server.address=::1 server.port=8080 url.full=http://[::1]:8080/?sig=REDACTED http.response.status_code=200 network.protocol.version=2
`
	got := r.tree("http.request.method", "http.request.method_original", "server.address", "server.port", "url.full",
		"http.response.status_code", "network.protocol.version")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, s := range r.receiver.Spans() {
		if n := len(s.GetAttributes()); n != 6+i {
			t.Errorf("%d attributes on %s, want %d: %v", n, s.GetName(), 6+i, s.GetAttributes())
		}
		if strings.Contains(s.String(), "SECRET") || s.GetStatus().GetMessage() != "" {
			t.Errorf("a secret, or a status text, in %v", s)
		}
	}
}

// TestURLWithoutRedactor shows what is exported when nobody says how.
func TestURLWithoutRedactor(t *testing.T) {
	r := newRun(t, telemetry.Config{})
	if _, err := r.Transport(answer(200, http.NoBody)).RoundTrip(request(t, "GET", "http://u:SECRET@h/a%2Fb?sig=SECRET#SECRET")); err != nil {
		t.Fatal(err)
	}
	if got, want := r.tree("url.full"), "\nGET CLIENT url.full=http://h/a%2Fb\n"; got != want {
		t.Errorf("tree %q, want %q", got, want)
	}
}

// TestSpanEndsWithBody looks at the number of spans that have ended after each
// step.
func TestSpanEndsWithBody(t *testing.T) {
	broken := io.NopCloser(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	tests := []struct {
		name   string
		status int
		body   io.ReadCloser
		finish func(io.ReadCloser)
		want   string
	}{
		{"read", 200, io.NopCloser(strings.NewReader("whole")), func(b io.ReadCloser) { _, _ = io.Copy(io.Discard, b) }, ""},
		{"closed", 200, io.NopCloser(strings.NewReader("whole")), func(b io.ReadCloser) { b.Close() }, ""},
		{"broken", 200, broken, func(b io.ReadCloser) { _, _ = io.ReadAll(b) }, " ERROR error.type=short_body"},
		{"a status and a broken body", 503, io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF)), func(b io.ReadCloser) { _, _ = io.ReadAll(b) }, " ERROR error.type=503"},
		{"no body", 204, nil, func(io.ReadCloser) {}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRun(t, telemetry.Config{Redact: (*url.URL).String})
			resp, err := r.Transport(answer(tt.status, tt.body)).RoundTrip(request(t, "GET", "http://h/"))
			if err != nil {
				t.Fatal(err)
			}
			tt.finish(resp.Body)
			if resp.Body != nil {
				resp.Body.Close() // a second end counts for nothing
			}
			if got, want := r.tree("error.type"), "\nGET CLIENT"+tt.want+"\n"; got != want {
				t.Errorf("tree %q, want %q", got, want)
			}
		})
	}
}

func TestUnreadBodyHoldsItsSpan(t *testing.T) {
	r := newRun(t, telemetry.Config{})
	resp, err := r.Transport(answer(200, io.NopCloser(strings.NewReader("whole")))).RoundTrip(request(t, "GET", "http://h/"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resp.Body.Read(make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	if got := r.tree(); got != "\n" {
		t.Errorf("a span ended before its body: %s", got)
	}
	resp.Body.Close()
}

func TestTransportError(t *testing.T) {
	failure := &net.OpError{Op: "dial", Err: errors.New("SECRET")}
	r := newRun(t, telemetry.Config{})
	_, err := r.Transport(roundTrip(func(*http.Request) (*http.Response, error) { return nil, failure })).
		RoundTrip(request(t, "GET", "http://h/"))
	if err != error(failure) {
		t.Errorf("error %v, want the transport's own", err)
	}
	if got, want := r.tree("error.type"), "\nGET CLIENT ERROR error.type=connect\n"; got != want {
		t.Errorf("tree %q, want %q", got, want)
	}
}

// directBody is one of the direct transport's: it fills pipes, of what there is
// with two bytes at a time, and is used again.
type directBody struct {
	io.ReadCloser
	left   int64
	reused bool
}

func (d *directBody) Fill(*splice.Pipe, int64) (int64, error) {
	if d.left == 0 {
		return 0, io.EOF
	}
	d.left -= 2
	return 2, nil
}

func (d *directBody) Reuse() { d.reused = true }

// TestBodyKeepsItsMethods shows that the wrapped body has Fill and Reuse or Write
// if and only if the body has, and the same bytes.
func TestBodyKeepsItsMethods(t *testing.T) {
	r := newRun(t, telemetry.Config{})
	through := func(body io.ReadCloser) io.ReadCloser {
		resp, err := r.Transport(answer(200, body)).RoundTrip(request(t, "GET", "http://h/"))
		if err != nil {
			t.Fatal(err)
		}
		return resp.Body
	}
	plain := through(io.NopCloser(io.LimitReader(strings.NewReader("plain"), 10)))
	if _, ok := plain.(interface{ Reuse() }); ok {
		t.Error("a body without Reuse got one")
	}
	if _, ok := plain.(io.Writer); ok {
		t.Error("a body without Write got one")
	}
	if got, err := io.ReadAll(plain); string(got) != "plain" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}

	inner := &directBody{ReadCloser: io.NopCloser(strings.NewReader("read")), left: 4}
	outer := through(inner)
	for _, want := range []int64{2, 2, 0} {
		if n, err := outer.(splice.Source).Fill(nil, 100); n != want || (err == io.EOF) != (n == 0) {
			t.Errorf("filled with %d, %v; want %d", n, err, want)
		}
	}
	if outer.(interface{ Reuse() }).Reuse(); !inner.reused {
		t.Error("the body's Reuse was not called")
	}

	a, b := net.Pipe()
	defer b.Close()
	conn := through(a)
	var writing sync.WaitGroup
	writing.Go(func() { _, _ = conn.(io.Writer).Write([]byte("up")); conn.Close() })
	if got, err := io.ReadAll(b); string(got) != "up" || err != nil {
		t.Errorf("through a connection: %q, %v", got, err)
	}
	writing.Wait()
	if got, want := r.tree(), "\nGET CLIENT\nGET CLIENT\nGET CLIENT\n"; got != want {
		t.Errorf("tree %q, want %q", got, want)
	}
}

// TestPropagation looks at what goes out on the wire, redirects included.
func TestPropagation(t *testing.T) {
	seen := make(map[string]http.Header)
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { seen["stranger"] = req.Header.Clone() }))
	defer stranger.Close()
	friend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		seen["friend"] = req.Header.Clone()
		http.Redirect(w, req, stranger.URL, http.StatusFound)
	}))
	defer friend.Close()

	r := newRun(t, telemetry.Config{Propagate: []string{" " + strings.TrimPrefix(friend.URL, "http://") + " "}},
		"TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "TRACESTATE", "ci=1", "BAGGAGE", "ci.job=42",
		"OTEL_PROPAGATORS", "tracecontext,baggage,b3")
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	req := request(t, "GET", friend.URL).WithContext(r.Root(t.Context()))
	before := req.Header.Clone()
	var copied *http.Request // the friend's, with the header
	client := &http.Client{Transport: r.Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
		if copied == nil {
			copied = req
		}
		return base.RoundTrip(req)
	}))}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Request.Response.Request == copied {
		t.Error("Response.Request is the transport's copy of the request")
	}
	if diff := cmp.Diff(before, req.Header); diff != "" {
		t.Errorf("the caller's request was changed: %s", diff)
	}
	r.finish()

	var first string
	for _, s := range r.receiver.Spans() {
		if v, _ := otlptest.Attribute(s.GetAttributes(), "http.response.status_code"); v == "302" {
			first = "00-0af7651916cd43dd8448eb211c80319c-" + hexID(s.GetSpanId()) + "-01"
		}
	}
	if got := seen["friend"].Get("Traceparent"); got != first || first == "" {
		t.Errorf("friend got traceparent %q, want the attempt's %q", got, first)
	}
	if got := seen["friend"].Get("Tracestate"); got != "ci=1" {
		t.Errorf("friend got tracestate %q", got)
	}
	for _, name := range []string{"Baggage", "B3"} {
		if got := seen["friend"].Get(name); got != "" {
			t.Errorf("friend got %s %q", name, got)
		}
	}
	for _, name := range []string{"Traceparent", "Tracestate", "Baggage", "B3"} {
		if got := seen["stranger"].Get(name); got != "" {
			t.Errorf("stranger got %s %q", name, got)
		}
	}
}

func TestOwnTraceparentIsKept(t *testing.T) {
	r := newRun(t, telemetry.Config{Propagate: []string{"*"}})
	req := request(t, "GET", "http://h/")
	req.Header.Set("traceparent", "mine")
	var got string
	_, err := r.Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
		got = req.Header.Get("traceparent")
		return answer(200, http.NoBody)(req)
	})).RoundTrip(req)
	if err != nil || got != "mine" {
		t.Errorf("sent traceparent %q, want mine (%v)", got, err)
	}
}

// TestOverRealConnections runs the shapes of real answers through the wrapper:
// chunked, HEAD, a cut body, many at a time.
func TestOverRealConnections(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/chunked":
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, "whole")
		case "/cut":
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			out := bufio.NewWriter(conn)
			_, _ = out.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
			_ = out.Flush()
		}
	}))
	defer server.Close()
	r := newRun(t, telemetry.Config{})
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	client := &http.Client{Transport: r.Transport(base)}
	send := func(method, path string) {
		resp, err := client.Do(request(t, method, server.URL+path))
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	send("GET", "/chunked")
	send("HEAD", "/chunked")
	send("GET", "/cut")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Do(request(t, "PUT", server.URL).WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("PUT: %v, want canceled", err)
	}
	client.CloseIdleConnections()
	want := "\nGET CLIENT\nHEAD CLIENT\nGET CLIENT ERROR error.type=short_body\nPUT CLIENT ERROR error.type=canceled\n"
	if diff := cmp.Diff(want, r.tree("error.type")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
