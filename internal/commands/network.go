package commands

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/pflag"

	"github.com/specify-cli/specify/internal/ops"
)

// networkFlags are the flags that say as whom and by which way requests go, as
// far as they must be read before they are settings.
type networkFlags struct{ user, bearer, proxy flagText }

// flagText is a string that knows whether it was given, if only as "".
type flagText struct {
	text  string
	given bool
}

func (v *flagText) String() string { return v.text }
func (v *flagText) Type() string   { return "string" }
func (v *flagText) Set(s string) error {
	v.text, v.given = s, true
	return nil
}

func (f *settingsFlags) network(g *group) {
	g.in("Who and where to")
	n := &f.s.Network
	g.VarP(&f.net.user, "user", "u", "log in as `USER:PASSWORD` (Basic)")
	g.Var(&f.net.bearer, "bearer-file", "send the token in `FILE` as Authorization: Bearer; goes over --user")
	g.BoolVarP(&n.Netrc, "netrc", "n", false, "log in as $NETRC or ~/.netrc says")
	g.StringVarP(&n.Cert, "cert", "E", "", "client certificate `FILE` (PEM, may hold the key too)")
	g.StringVar(&n.Key, "key", "", "its key `FILE` (PEM, not encrypted)")
	g.StringVar(&n.CACert, "cacert", "", "trust the authorities in `FILE`, in place of the system's")
	g.BoolVarP(&n.Insecure, "insecure", "k", false, "do not verify servers; never set by ./specify.yaml")
	g.VarP(&f.net.proxy, "proxy", "x", "go through proxy `URL` (http, https, socks5, socks5h); NO_PROXY is heeded")
	g.Var(&resolveValue{&n.Resolve}, "resolve", "connect to ADDR for a host, as `HOST:PORT:ADDR`[,ADDR]; repeatable")
	g.BoolVar(&n.HTTP1, "http1.1", false, "never HTTP/2")
	n.Deny = ops.DenyLinkLocal()
	g.Var(&denyValue{&n.Deny}, "deny", "also refuse addresses in `LIST`: private, loopback, 10.0.0.0/8; none clears it")
}

// settings reads what the flags name. Its errors repeat no secrets.
func (f *networkFlags) settings(n *ops.Network, read func(string) ([]byte, error)) error {
	if f.user.text != "" {
		name, password, ok := strings.Cut(f.user.text, ":")
		if !ok {
			return errors.New("--user: no password is asked for; give USER:PASSWORD, or USER: for an empty one")
		}
		n.User = url.UserPassword(name, password)
	}
	if f.bearer.text != "" {
		token, err := readToken(f.bearer.text, read)
		if err != nil {
			return fmt.Errorf("--bearer-file: %w", err)
		}
		n.Bearer = token
	}
	n.ProxyGiven = f.proxy.given
	if f.proxy.text != "" {
		var err error
		if n.Proxy, err = ops.ParseProxy(f.proxy.text); err != nil {
			return fmt.Errorf("--proxy: %w", err)
		}
	}
	if n.Key != "" && n.Cert == "" {
		return errors.New("--key: the certificate that it belongs to is missing: --cert")
	}
	return nil
}

// readToken reads a file that holds a token and nothing else but the end of its
// line.
func readToken(name string, read func(string) ([]byte, error)) (string, error) {
	data, err := read(name)
	if err != nil {
		return "", err
	}
	data = bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
	switch {
	case len(data) == 0:
		return "", fmt.Errorf("%s: empty", name)
	case bytes.ContainsFunc(data, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return "", fmt.Errorf("%s: not a token (RFC 6750 §2.1): it has spaces, line ends or other such characters", name)
	}
	return string(data), nil
}

// resolveValue is repeatable: an entry holds commas of its own.
type resolveValue struct{ to *ops.Resolve }

var _ pflag.SliceValue = (*resolveValue)(nil)

func (v *resolveValue) String() string {
	if v.to == nil {
		return ""
	}
	return strings.Join(v.to.Entries(), " ")
}
func (v *resolveValue) Type() string          { return "entry" }
func (v *resolveValue) Set(s string) error    { return v.to.Add(s) }
func (v *resolveValue) Append(s string) error { return v.to.Add(s) }
func (v *resolveValue) GetSlice() []string    { return v.to.Entries() }
func (v *resolveValue) Replace(all []string) error {
	var to ops.Resolve
	for _, s := range all {
		if err := to.Add(s); err != nil {
			return err
		}
	}
	*v.to = to
	return nil
}

type denyValue struct{ deny *ops.Deny }

func (v *denyValue) String() string {
	if v.deny == nil {
		return ""
	}
	return v.deny.String()
}
func (v *denyValue) Type() string       { return "list" }
func (v *denyValue) Set(s string) error { return v.deny.Add(s) }
