//go:build unix

package direct

import (
	"context"
	"io"
	"net"
	"net/http/httptrace"
	"strings"
	"testing"
)

// A request that the socket does not take at all: what the server says all the
// same is the answer, and where it says nothing the write has failed.
func TestTurnCannotBeWritten(t *testing.T) {
	for _, test := range []struct{ name, goodbye, want string }{
		{"and is answered", "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno", ""},
		{"and is not", "", "write request: write tcp "},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := serve(t, false, func(s *session) {
				_, _ = io.Copy(io.Discard, s)
				s.send("%s", test.goodbye)
			})
			rt := &Transport{ReadTimeout: testReadTimeout, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				raw, err := new(net.Dialer).DialContext(ctx, network, addr)
				if err == nil {
					err = raw.(*net.TCPConn).CloseWrite()
				}
				return raw, err
			}}
			rt.GotConn = func(_ context.Context, info httptrace.GotConnInfo, _ bool) error {
				if info.Reused {
					t.Error("a connection that took no request is used again")
				}
				return nil
			}
			defer rt.CloseIdleConnections()
			for range 2 {
				req := request(t, "GET", srv.url, nil)
				req.Header.Set("User-Agent", "test")
				resp, err := rt.RoundTrip(req)
				switch {
				case err == nil:
					if _, err := io.ReadAll(resp.Body); resp.StatusCode != 400 || err != nil || test.want != "" {
						t.Errorf("%s, %v, want %q", resp.Status, err, test.want)
					}
					resp.Body.Close()
				case test.want == "" || !strings.HasPrefix(err.Error(), test.want) || class(err) != "reset":
					t.Errorf("%v, want %q", err, test.want)
				}
			}
		})
	}
}
