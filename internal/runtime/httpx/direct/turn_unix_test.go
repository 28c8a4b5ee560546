//go:build unix

package direct

import (
	"context"
	"io"
	"net"
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
			defer rt.CloseIdleConnections()
			req := request(t, "GET", srv.url, nil)
			req.Header.Set("User-Agent", "test")
			resp, err := rt.RoundTrip(req)
			switch {
			case err == nil:
				defer resp.Body.Close()
				if resp.StatusCode != 400 || test.want != "" {
					t.Errorf("%s, want %q", resp.Status, test.want)
				}
			case test.want == "" || !strings.HasPrefix(err.Error(), test.want) || class(err) != "reset":
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}
