package route

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answered runs Tunnel against a proxy that reads a request, says answer and
// closes; after a good answer not before the tunnel is made.
func answered(t *testing.T, answer string) (asked string, err error) {
	t.Helper()
	client, server := net.Pipe()
	defer client.Close()
	done, made := make(chan string), make(chan struct{})
	go func() { // ends with the tunnel
		defer server.Close()
		req, err := http.ReadRequest(bufio.NewReader(server))
		if err != nil {
			done <- err.Error()
			return
		}
		done <- fmt.Sprintf("%s %s %s %v", req.Method, req.RequestURI, req.Host, req.Header)
		_, _ = io.WriteString(server, answer)
		if strings.Contains(answer, " 200 ") && strings.HasSuffix(answer, "\r\n\r\n") {
			<-made
		}
	}()
	errs := make(chan error)
	proxy := &url.URL{Scheme: "http", User: url.UserPassword("u", "SECRET"), Host: "relay.test:1"}
	go func() { errs <- Tunnel(t.Context(), client, proxy, "h.test:443", "me") }()
	asked, err = <-done, <-errs
	close(made)
	return asked, err
}

func TestTunnelConnect(t *testing.T) {
	for _, c := range []struct{ name, answer, want string }{
		{"connected", "HTTP/1.1 200 OK\r\n\r\n", ""},
		{"connected, HTTP/1.0", "HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n", ""},
		{"who are you", "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 5\r\n\r\nhello", "proxy http://relay.test:1 refused to connect: 407 Proxy Authentication Required"},
		{"not there", "HTTP/1.1 503 no\r\n\r\n", "proxy http://relay.test:1 refused to connect: 503 Service Unavailable"},
		{"a redirect", "HTTP/1.1 302 Found\r\nLocation: http://evil.test/\r\n\r\n", "proxy http://relay.test:1 refused to connect: 302 Found"},
		{"bytes that would be taken for the target's", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "spoke before"},
		{"nothing", "", "CONNECT: unexpected EOF"},
		{"garbage", "SSH-2.0-x\r\n", "CONNECT: malformed"},
		{"headers without end", "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: "+strings.Repeat("b", 1000)+"\r\n", 100), "CONNECT: unexpected EOF"},
	} {
		asked, err := answered(t, c.answer)
		if want := "CONNECT h.test:443 h.test:443 map[Proxy-Authorization:[Basic dTpTRUNSRVQ=] User-Agent:[me]]"; asked != want {
			t.Errorf("%s: asked %s", c.name, asked)
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if refused, ok := errors.AsType[*ProxyError](err); c.want != "" && (!ok || refused.ErrorType() != "connect" || strings.Contains(err.Error(), "SECRET")) {
			t.Errorf("%s: %T %v", c.name, err, err)
		}
	}
}

// The end of the context ends a tunnel that is being made.
func TestTunnelCanceled(t *testing.T) {
	for _, scheme := range []string{"http", "socks5h"} {
		client, server := net.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error)
		go func() {
			errs <- Tunnel(ctx, client, &url.URL{Scheme: scheme, Host: "relay.test:1"}, "h.test:443", "me")
		}()
		_, _ = server.Read(make([]byte, 1)) // it has begun
		cancel()
		select {
		case err := <-errs:
			if err == nil {
				t.Errorf("%s: no error", scheme)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: still waiting", scheme)
		}
		client.Close()
		server.Close()
	}
}

func TestTunnelControlCharacter(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	server.Close()
	err := Tunnel(t.Context(), client, &url.URL{Scheme: "http", Host: "relay.test:1"}, "h.test\r\nX: 1:443", "me")
	if err == nil || !strings.Contains(err.Error(), "control character") {
		t.Errorf("%v", err)
	}
}
