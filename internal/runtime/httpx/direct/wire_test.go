package direct

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// wireCase is one way for a server to answer. Each runs in all ways, against
// this transport and http.Transport. An entry of want is
// `status body` or the class of the error, with the body read before it.
type wireCase struct {
	name   string
	serve  func(*session)
	method string            // of all requests; GET
	body   func() io.Reader  // of all requests; none
	header map[string]string // of all requests
	close  bool              // close the bodies unread
	pause  bool              // wait for the first connection to have passed before the second request
	limit  time.Duration     // on silence; testReadTimeout

	want  []string // one an exchange, in order
	conns int64    // connections that it takes

	// How http.Transport differs, and why that is wanted.
	netHTTP      []string
	netHTTPConns int64
	directOnly   bool // what it does depends on timing, or leaks
	why          string
}

const poisons = "http.Transport puts the connection back before it looks at what follows, and a quick next request takes the poison for its answer"

var (
	large = strings.Repeat("x", 300<<10)
	huge  = strings.Repeat(large, 27) // more than loopback holds on its way
)

func chunked(trailer string) string {
	return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n" + trailer + "\r\n"
}

// firstThen answers the first request of the first connection with first and
// ends it as end does; all other requests are answered ok.
func firstThen(first string, end func(*session)) func(*session) {
	return func(s *session) {
		if s.n == 1 {
			s.request()
			s.send("%s", first)
			end(s)
			return
		}
		each(okAnswer)(s)
	}
}

// dies answers one request on its first connection, waits for the second to
// arrive, and closes without a word: the connection was idle, and stale.
func dies(s *session) {
	if s.n == 1 {
		s.request()
		s.send(okAnswer)
		s.request()
		return
	}
	each(okAnswer)(s)
}

// crosses answers one request on its first connection, and the second with what
// it would have said to the idle connection.
func crosses(goodbye string) func(*session) {
	return func(s *session) {
		if s.n == 1 {
			s.request()
			s.send(okAnswer)
			s.request()
			s.send("%s", goodbye)
			return
		}
		each(okAnswer)(s)
	}
}

const tired = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlate"

func hang(s *session)  { s.hang() }
func leave(s *session) {}
func reset(s *session) { s.reset() }

// bid ends a connection as TLS has it: with a close_notify before the FIN.
func bid(s *session) {
	if c, ok := s.Conn.(*tls.Conn); ok {
		_ = c.CloseWrite()
	}
}

func reader(s string) func() io.Reader { return func() io.Reader { return strings.NewReader(s) } }

// unrewindable hides the type from http.NewRequest, so GetBody is not set.
func unrewindable(s string) func() io.Reader {
	return func() io.Reader { return struct{ io.Reader }{strings.NewReader(s)} }
}

const short = 500 * time.Millisecond

const settle = 20 * time.Millisecond // for bytes on loopback to arrive

var wireCases = []wireCase{
	// Framing.
	{name: "keep-alive", serve: each(okAnswer), want: []string{"200 ok", "200 ok", "200 ok"}, conns: 1},
	{name: "chunked with trailer", serve: each(chunked("X-Sum: 7\r\n")), want: []string{"200 abcde 7", "200 abcde 7"}, conns: 1},
	{name: "chunked, declared trailer missing", serve: each(chunked("")), want: []string{"200 abcde", "200 abcde"}, conns: 1},
	{name: "close-delimited", serve: firstThen("HTTP/1.1 200 OK\r\n\r\nuntil the end", bid), want: []string{"200 until the end", "200 ok"}, conns: 2},
	{name: "HTTP/1.0", serve: firstThen("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", hang), want: []string{"200 ok", "200 ok"}, conns: 2},
	{name: "HTTP/1.0 keep-alive", serve: each("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"), want: []string{"200 ok", "200 ok"}, conns: 1},
	{name: "large body", serve: each("HTTP/1.1 200 OK\r\nContent-Length: 307200\r\n\r\n" + large), want: []string{"200 " + large, "200 " + large}, conns: 1},
	{name: "HEAD", method: "HEAD", serve: each("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"), want: []string{"200", "200"}, conns: 1},
	{name: "HEAD chunked", method: "HEAD", serve: each("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), want: []string{"200", "200"}, conns: 1},
	{name: "204", serve: each("HTTP/1.1 204 No Content\r\n\r\n"), want: []string{"204", "204"}, conns: 1},
	{name: "304 with a length", serve: each("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"), want: []string{"304", "304"}, conns: 1},
	{name: "empty body", serve: each("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), want: []string{"200", "200"}, conns: 1},
	{name: "server asks for close", serve: each("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"), want: []string{"200 ok", "200 ok"}, conns: 2},
	{name: "client asks for close", header: map[string]string{"Connection": "close"}, serve: each(okAnswer), want: []string{"200 ok", "200 ok"}, conns: 2,
		netHTTPConns: 1, why: "it heeds Request.Close alone, and would send on a connection that it asked to be closed"},

	// Interim answers.
	{name: "100 and 103", serve: each("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + okAnswer), want: []string{"200 ok", "200 ok"}, conns: 1},
	{name: "1xx without end", pause: true, serve: firstThen(strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", maxInterim+1)+okAnswer, leave), want: []string{"bad_response", "200 ok"}, conns: 2,
		netHTTP: []string{"200 ok", "200 ok"}, netHTTPConns: 2, why: "http.Transport bounds the bytes of interim answers alone; waiting for 100,000 of them serves nobody"},
	{name: "101 unasked", serve: firstThen("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhello", leave), want: []string{"bad_response", "200 ok"}, conns: 2,
		netHTTP: []string{"101 hello", "200 ok"}, why: "a server must not switch unasked (RFC 9110 §15.2.2); callers that ask are served by the fallback"},

	// Answers that end early: never ok.
	{name: "short body", serve: firstThen("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", leave), want: []string{"200 abc short", "200 ok"}, conns: 2},
	{name: "short chunk", serve: firstThen("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", leave), want: []string{"200 ab short", "200 ok"}, conns: 2},
	{name: "last chunk missing", serve: firstThen("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", leave), want: []string{"200 ab short", "200 ok"}, conns: 2},
	{name: "end within the trailer", serve: firstThen("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Su", leave), want: []string{"200 ab short", "200 ok"}, conns: 2,
		netHTTP: []string{"200 ab bad_response", "200 ok"}, why: "its error for this has no type to be told by"},
	{name: "short header", serve: firstThen("HTTP/1.1 200 OK\r\nContent-Le", leave), want: []string{"short", "200 ok"}, conns: 2,
		netHTTP: []string{"bad_response", "200 ok"}, why: "it reports the torn line as malformed"},
	{name: "no answer", serve: firstThen("", leave), want: []string{"no answer", "200 ok"}, conns: 2},
	{name: "reset instead of an answer", serve: firstThen("", reset), want: []string{"reset", "200 ok"}, conns: 2},
	{name: "reset within a line of the header", serve: firstThen("HTTP/1.1 200 OK\r\nContent-Le", func(s *session) { time.Sleep(settle); s.reset() }), want: []string{"reset", "200 ok"}, conns: 2,
		netHTTP: []string{"bad_response", "200 ok"}, why: "it reports the torn line as malformed"},
	{name: "reset within the body", serve: firstThen("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", func(s *session) { time.Sleep(settle); s.reset() }), want: []string{"200 abc reset", "200 ok"}, conns: 2},

	// Silence.
	{name: "silence before the headers", limit: short, serve: firstThen("", hang), want: []string{"timeout_read", "200 ok"}, conns: 2},
	{name: "silence within the headers", limit: short, serve: firstThen("HTTP/1.1 200 OK\r\n", hang), want: []string{"timeout_read", "200 ok"}, conns: 2},
	{name: "silence within a line of the header", limit: short, serve: firstThen("HTTP/1.1 200 OK\r\nContent-Le", hang), want: []string{"timeout_read", "200 ok"}, conns: 2},
	{name: "slow but not silent", limit: short, serve: func(s *session) {
		for s.request() != nil {
			for _, b := range []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") {
				s.send("%c", b)
				time.Sleep(short / 20)
			}
		}
	}, want: []string{"200 ok"}, conns: 1, netHTTP: []string{"timeout_read"}, why: "ResponseHeaderTimeout is for the whole header, ReadTimeout for a silence"},
	{name: "each request has the whole limit", limit: 2 * time.Second, serve: func(s *session) {
		for _, wait := range []time.Duration{600 * time.Millisecond, 1500 * time.Millisecond, 1500 * time.Millisecond} {
			s.request()
			time.Sleep(wait)
			s.send(okAnswer)
		}
	}, want: []string{"200 ok", "200 ok", "200 ok"}, conns: 1},

	// Not HTTP/1.1.
	{name: "garbage", serve: firstThen("SSH-2.0-OpenSSH_9.2\r\n\r\n", hang), want: []string{"bad_response", "200 ok"}, conns: 2},
	{name: "two lengths", serve: firstThen("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", hang), want: []string{"bad_response", "200 ok"}, conns: 2},
	{name: "negative length", serve: firstThen("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", hang), want: []string{"bad_response", "200 ok"}, conns: 2},
	{name: "unknown transfer coding", serve: firstThen("HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\n", hang), want: []string{"bad_response", "200 ok"}, conns: 2},
	{name: "bad chunk size", serve: firstThen("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n", hang), want: []string{"200 bad_response", "200 ok"}, conns: 2},
	{name: "header too large", serve: firstThen("HTTP/1.1 200 OK\r\nX-A: "+large+"\r\nContent-Length: 2\r\n\r\nok", leave), want: []string{"bad_response", "200 ok"}, conns: 2},
	{name: "interim headers too large", serve: firstThen(strings.Repeat("HTTP/1.1 103 Early Hints\r\nX-A: "+large[:30<<10]+"\r\n\r\n", 10)+okAnswer, leave), want: []string{"bad_response", "200 ok"}, conns: 2},
	{name: "header just fits", serve: each("HTTP/1.1 200 OK\r\nX-A: " + large[:DefaultMaxResponseHeaderBytes-45] + "\r\nContent-Length: 2\r\n\r\nok"), want: []string{"200 ok", "200 ok"}, conns: 1},

	// Bytes after a complete answer are not the next answer.
	{name: "body longer than its length", serve: firstThen("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", hang), want: []string{"200 ok", "200 ok"}, conns: 2, directOnly: true, why: poisons},
	{name: "body on 204", serve: firstThen("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", hang), want: []string{"204", "200 ok"}, conns: 2, directOnly: true, why: poisons},
	{name: "body on HEAD", method: "HEAD", serve: firstThen("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", hang), want: []string{"200", "200"}, conns: 2, directOnly: true, why: poisons},
	{name: "bytes on an idle connection", pause: true, serve: firstThen(okAnswer, func(s *session) {
		s.answered()
		s.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
		s.srv.pass()
		s.hang()
	}), want: []string{"200 ok", "200 ok"}, conns: 2},
	{name: "408 on an idle connection", pause: true, serve: firstThen(okAnswer, func(s *session) {
		s.answered()
		s.send("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n")
	}), want: []string{"200 ok", "200 ok"}, conns: 2},
	{name: "length hidden by chunks, then poison", serve: firstThen("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", hang), want: []string{"200 ok", "200 ok"}, conns: 2, directOnly: true, why: poisons},

	// Stale connections.
	{name: "idle connection closed", pause: true, serve: firstThen(okAnswer, leave), want: []string{"200 ok", "200 ok"}, conns: 2},
	{name: "idle connection reset", pause: true, serve: firstThen(okAnswer, reset), want: []string{"200 ok", "200 ok"}, conns: 2},
	{name: "idle POST connection closed", method: "POST", body: unrewindable("b"), pause: true, serve: firstThen(okAnswer, leave), want: []string{"200 ok", "200 ok"}, conns: 2},
	{name: "dies under a GET", serve: dies, want: []string{"200 ok", "200 ok", "200 ok"}, conns: 2},
	{name: "dies under a POST", method: "POST", body: reader("b"), serve: dies, want: []string{"200 ok", "no answer", "200 ok"}, conns: 2},
	{name: "dies under a POST with a key", method: "POST", body: reader("b"), header: map[string]string{"Idempotency-Key": "k"}, serve: dies, want: []string{"200 ok", "200 ok"}, conns: 2},
	{name: "dies under a POST with a key, body gone", method: "POST", body: unrewindable("b"), header: map[string]string{"Idempotency-Key": "k"}, serve: dies, want: []string{"200 ok", "no answer", "200 ok"}, conns: 2},
	{name: "408 crosses a GET", serve: crosses(tired), want: []string{"200 ok", "200 ok", "200 ok"}, conns: 2,
		netHTTP: []string{"200 ok", "408 late", "200 ok"}, netHTTPConns: 2, why: "it means the idle connection, not the request, which may be repeated (RFC 9110 §15.5.9)"},
	{name: "408 crosses a POST", method: "POST", body: reader("b"), serve: crosses(tired), want: []string{"200 ok", "408 late", "200 ok"}, conns: 2},
	{name: "408 crosses a POST with a key", method: "POST", body: reader("b"), header: map[string]string{"Idempotency-Key": "k"}, serve: crosses(tired), want: []string{"200 ok", "200 ok"}, conns: 2,
		netHTTP: []string{"200 ok", "408 late"}, netHTTPConns: 1, why: "as above"},
	{name: "408 on a new connection", serve: func(s *session) { s.request(); s.send(tired) }, want: []string{"408 late", "408 late"}, conns: 2},
	{name: "408 that keeps the connection", serve: crosses("HTTP/1.1 408 Request Timeout\r\nContent-Length: 4\r\n\r\nlate"), want: []string{"200 ok", "408 late", "200 ok"}, conns: 2},
	{name: "always dies", serve: func(s *session) {
		s.request()
		if s.n == 1 {
			s.send(okAnswer)
			s.request()
		}
	}, want: []string{"200 ok", "no answer"}, conns: 2},

	// Requests with a body, and answers that do not wait for it.
	{name: "POST", method: "POST", body: reader("hello"), serve: echo, want: []string{"200 hello", "200 hello"}, conns: 1},
	{name: "POST of unknown length", method: "POST", body: unrewindable("hello"), serve: echo, want: []string{"200 hello", "200 hello"}, conns: 1},
	{name: "POST large", method: "POST", body: reader(large), serve: echo, want: []string{"200 " + large, "200 " + large}, conns: 1},
	{name: "early answer, body never read", method: "POST", body: func() io.Reader { return strings.NewReader(strings.Repeat(large, 30)) }, serve: func(s *session) {
		if _, err := http.ReadRequest(s.br); err == nil {
			s.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
			s.hang()
		}
	}, want: []string{"413 big", "413 big"}, conns: 2},
	{name: "early answer while the body is stuck", method: "POST", body: func() io.Reader { r, _ := io.Pipe(); return r }, serve: func(s *session) {
		if _, err := http.ReadRequest(s.br); err == nil {
			s.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
			s.hang()
		}
	}, want: []string{"403 no", "403 no"}, conns: 2,
		directOnly: true, why: "http.Transport does not close the request's body here, and leaves a goroutine in its Read"},
	{name: "early answer, then reset", method: "POST", body: func() io.Reader { return strings.NewReader(strings.Repeat(large, 30)) }, serve: func(s *session) {
		if _, err := http.ReadRequest(s.br); err == nil {
			s.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
		} // and close with most of the body unread, which resets
	}, want: []string{"413 big", "413 big"}, conns: 2, directOnly: true, why: "http.Transport may report the failed write in place of the answer"},
	{name: "body fails", method: "POST", body: func() io.Reader { return io.MultiReader(strings.NewReader("abc"), failing{}) }, serve: echo, want: []string{"bad body", "bad body"}, conns: 2},

	// Requests that are longer than what the socket takes at once.
	{name: "large header", header: map[string]string{"X-A": huge}, serve: func(s *session) {
		for {
			time.Sleep(settle)
			req := s.request()
			if req == nil {
				return
			}
			s.send("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n%d", len(req.Header.Get("X-A")))
		}
	}, want: []string{"200 8294400", "200 8294400"}, conns: 1},
	{name: "large header that is not read", header: map[string]string{"X-A": huge}, serve: func(s *session) {
		s.send("HTTP/1.1 431 Too Large\r\nContent-Length: 3\r\n\r\nbig")
		time.Sleep(settle)
	}, want: []string{"431 big", "431 big"}, conns: 2, directOnly: true, why: "http.Transport may report the failed write in place of the answer"},

	// An answer that does not wait for the request.
	{name: "early answer", serve: func(s *session) { s.send(okAnswer); s.hang() }, want: []string{"200 ok"}, conns: 1, directOnly: true,
		why: "http.Transport may have taken note of the answer before the request, and then drops the connection"},

	// Unread bodies.
	{name: "closed unread, small and here", close: true, serve: each(okAnswer), want: []string{"200 closed", "200 closed"}, conns: 1,
		netHTTPConns: 2, why: "what has come already is taken off the connection, without waiting"},
	{name: "closed unread, large", close: true, serve: each("HTTP/1.1 200 OK\r\nContent-Length: 307200\r\n\r\n" + large), want: []string{"200 closed", "200 closed"}, conns: 2},
	{name: "closed unread, stuck", close: true, serve: func(s *session) { s.request(); s.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"); s.hang() }, want: []string{"200 closed", "200 closed"}, conns: 2},
}

var errBody = errors.New("body fails")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBody }

func echo(s *session) {
	for {
		req, err := http.ReadRequest(s.br)
		if err != nil {
			return
		}
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		s.send("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(b), b)
	}
}

// ways are how requests go to the server: a GET or HEAD with a User-Agent is
// plain.
var ways = []struct {
	name          string
	secure, plain bool
}{{"in turn", false, true}, {"written", false, false}, {"tls", true, true}, {"tls, written", true, false}}

// do makes one exchange and tells it in a line.
func (c *wireCase) do(t *testing.T, rt http.RoundTripper, url string, plain bool) string {
	var body io.Reader
	if c.body != nil {
		body = c.body()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*testReadTimeout)
	defer cancel()
	method := c.method
	if method == "" {
		method = "GET"
	}
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	if plain {
		req.Header.Set("User-Agent", "test")
	}
	for k, v := range c.header {
		req.Header.Set(k, v)
	}
	resp, err := rt.RoundTrip(req)
	if errors.Is(err, errBody) {
		return "bad body"
	}
	if err != nil {
		return class(err)
	}
	if resp.Request != req {
		t.Errorf("resp.Request is not the request")
	}
	defer done(resp)
	if c.close {
		if err := resp.Body.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		return resp.Status[:3] + " closed"
	}
	b, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); cerr != nil {
		t.Errorf("Close: %v", cerr)
	}
	parts := []string{resp.Status[:3]}
	if len(b) > 0 {
		parts = append(parts, string(b))
	}
	if err != nil {
		parts = append(parts, class(err))
	}
	if sum := resp.Trailer.Get("X-Sum"); sum != "" {
		parts = append(parts, sum)
	}
	return strings.Join(parts, " ")
}

// doAll makes n exchanges, one after the other.
func (c *wireCase) doAll(t *testing.T, rt http.RoundTripper, srv *server, plain bool, n int) (got []string) {
	for i := range n {
		if i == 1 && c.pause {
			<-srv.passed
			time.Sleep(settle)
		}
		got = append(got, c.do(t, rt, srv.url, plain))
		if i == 0 {
			close(srv.answered)
		}
	}
	return got
}

func TestWire(t *testing.T) {
	for _, way := range ways {
		for _, c := range wireCases {
			for _, cl := range clients(t, func(d *Transport, h *http.Transport) {
				if c.limit > 0 {
					d.ReadTimeout, h.ResponseHeaderTimeout = c.limit, c.limit
				}
			}) {
				if c.directOnly && cl.name != "direct" {
					continue
				}
				t.Run(way.name+"/"+c.name+"/"+cl.name, func(t *testing.T) {
					t.Parallel()
					want, conns := c.want, c.conns
					if cl.name == "nethttp" {
						if c.netHTTP != nil {
							want = c.netHTTP
						}
						if c.netHTTPConns != 0 {
							conns = c.netHTTPConns
						}
					}
					srv := serve(t, way.secure, c.serve)
					got := c.doAll(t, cl.rt, srv, way.plain, len(want))
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("exchanges (-want +got):\n%s", diff)
					}
					if n := cl.dials.Load(); n != conns {
						t.Errorf("%d connections, want %d", n, conns)
					}
				})
			}
		}
	}
}

// Over TLS only a close_notify ends the data; a FIN alone may be somebody who
// cut the connection, and a body that lasts until then is not whole
// (RFC 9112 §9.8).
func TestCutWithoutCloseNotify(t *testing.T) {
	s := serve(t, true, firstThen("HTTP/1.1 200 OK\r\n\r\nuntil the end", leave))
	rt := &Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer rt.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%q, %v: want an unexpected EOF", body, err)
	}
}
