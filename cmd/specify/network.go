package main

import (
	"fmt"

	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/runtime/httpx/netrc"
	"github.com/specify-cli/specify/internal/runtime/httpx/route"
)

// network reads the files and the environment that the settings name, into the
// configuration of a client. It warns where servers are not verified.
func network(s ops.Settings, cfg *httpx.Config) (err error) {
	n := s.Network
	files := httpx.TLSFiles{Cert: n.Cert, Key: n.Key, CACert: n.CACert, Insecure: n.Insecure}
	if cfg.TLS, err = files.Config(); err != nil {
		return &ops.InputError{Err: err}
	}
	if n.Insecure {
		s.Tell.Warn("--insecure: servers are not verified; anyone on the way can read and change what is sent")
	}
	if n.Netrc {
		if cfg.Netrc, err = netrc.Load(); err != nil {
			return &ops.InputError{Err: fmt.Errorf("--netrc: %w", err)}
		}
	}
	cfg.Proxies = route.Explicit(n.Proxy)
	if !n.ProxyGiven {
		if cfg.Proxies, err = route.FromEnvironment(); err != nil {
			return &ops.InputError{Err: err}
		}
	}
	cfg.User, cfg.Bearer = n.User, n.Bearer
	cfg.Resolve, cfg.Deny, cfg.HTTP1 = n.Resolve, n.Deny, n.HTTP1
	return nil
}
