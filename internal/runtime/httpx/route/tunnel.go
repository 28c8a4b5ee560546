package route

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/proxy"
)

// ProxyError is a proxy that could not be reached or would not connect further.
type ProxyError struct {
	Proxy  string // scheme://host:port
	Status int    // what it answered to CONNECT; 0 when that is not what went wrong
	Err    error  // nil with a Status
}

func (e *ProxyError) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("proxy %s refused to connect: %d %s", e.Proxy, e.Status, http.StatusText(e.Status))
	}
	return fmt.Sprintf("proxy %s: %v", e.Proxy, e.Err)
}

// Unwrap returns the cause.
func (e *ProxyError) Unwrap() error { return e.Err }

// ErrorType is connect, or what an https proxy's handshake failed by.
func (e *ProxyError) ErrorType() string {
	if t, ok := errors.AsType[interface {
		error
		ErrorType() string
	}](e.Err); ok {
		return t.ErrorType()
	}
	return "connect"
}

// Name is how a proxy is called where people read: without its password.
func Name(proxy *url.URL) string { return proxy.Scheme + "://" + proxy.Host }

// Tunnel asks the proxy at the other end of c to connect it with target,
// "host:port": by SOCKS5, or by CONNECT for http and https. agent is the
// User-Agent of the CONNECT. Errors are *ProxyError, the cause of ctx's end among
// their causes; c is then of no more use.
func Tunnel(ctx context.Context, c net.Conn, to *url.URL, target, agent string) error {
	if at, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(at) // fails on a closed connection only, as the next write will tell
	}
	interrupt := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	var err error
	switch to.Scheme {
	case "socks5", "socks5h":
		err = socks(ctx, c, to, target)
	default:
		err = connect(c, to, target, agent)
	}
	if !interrupt() && err == nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = c.SetDeadline(time.Time{})
	}
	if refused, ok := errors.AsType[*ProxyError](err); ok {
		refused.Proxy = Name(to)
		return refused
	}
	if err != nil {
		return &ProxyError{Proxy: Name(to), Err: err}
	}
	return nil
}

// maxAnswer bounds the headers of an answer to CONNECT.
const maxAnswer = 64 << 10

// connect makes a tunnel by RFC 9110 §9.3.6. What a proxy says beside a refusal
// is not read: it is not the target's answer.
func connect(c net.Conn, to *url.URL, target, agent string) error {
	header := http.Header{"User-Agent": {agent}}
	if auth := Authorization(to.User); auth != "" {
		header.Set("Proxy-Authorization", auth)
	}
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: target}, Host: target, Header: header}
	if strings.ContainsFunc(target+agent, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return errors.New("a control character in the target") // no URL has one: it would end the line
	}
	if err := req.Write(c); err != nil {
		return err
	}
	br := bufio.NewReader(io.LimitReader(c, maxAnswer))
	resp, err := http.ReadResponse(br, req)
	switch {
	case err != nil:
		return fmt.Errorf("CONNECT: %w", err)
	case resp.StatusCode/100 != 2:
		return &ProxyError{Status: resp.StatusCode}
	case br.Buffered() > 0:
		return errors.New("CONNECT: the proxy spoke before the target was spoken to")
	}
	return nil
}

// Authorization is the value of a Basic Authorization or Proxy-Authorization
// (RFC 7617); empty without a user.
func Authorization(user *url.Userinfo) string {
	if user == nil {
		return ""
	}
	password, _ := user.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
}

// socks makes a tunnel by RFC 1928, and RFC 1929 when there is a user.
func socks(ctx context.Context, c net.Conn, to *url.URL, target string) error {
	var auth *proxy.Auth
	if to.User != nil {
		password, _ := to.User.Password()
		auth = &proxy.Auth{User: to.User.Username(), Password: password}
	}
	d, err := proxy.SOCKS5("tcp", to.Host, auth, connected{c})
	if err != nil {
		return err
	}
	_, err = d.(proxy.ContextDialer).DialContext(ctx, "tcp", target)
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "socks connect" {
		return op.Err // it repeats both addresses
	}
	return err
}

// connected dials by giving the connection that is there.
type connected struct{ c net.Conn }

func (d connected) Dial(string, string) (net.Conn, error) { return d.c, nil }
func (d connected) DialContext(context.Context, string, string) (net.Conn, error) {
	return d.c, nil
}
