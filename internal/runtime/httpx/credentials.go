package httpx

import (
	"net/url"

	"github.com/specify-cli/specify/internal/runtime/httpx/route"
)

// Who a request says it is, when no header field says so: the bearer token, the
// user of the flags, that of the URL, that of the netrc, the first there is. The
// order is curl's, but for a URL with a password, which curl's netrc goes over.

// authorization is the value of a request's Authorization; empty is none. u is
// nil where no URL has a say.
func (c *Client) authorization(u *url.URL) string {
	switch {
	case c.cfg.Bearer != "":
		return "Bearer " + c.cfg.Bearer
	case c.cfg.User != nil:
		return route.Authorization(c.cfg.User)
	}
	if u == nil {
		return ""
	}
	login := u.User.Username()
	if _, ok := u.User.Password(); !ok {
		if name, password, ok := c.cfg.Netrc.Find(u.Hostname(), login); ok {
			return route.Authorization(url.UserPassword(name, password))
		}
	}
	return route.Authorization(u.User)
}

// personal reports whether the credentials of a request depend on its URL.
func (c *Client) personal(u *url.URL) bool {
	if c.cfg.Bearer != "" || c.cfg.User != nil {
		return false
	}
	_, _, ok := c.cfg.Netrc.Find(u.Hostname(), "")
	return ok || u.User != nil
}

// anonymous is u without its user, who is in the header by now: net/http would
// send one that was taken off the header again.
func anonymous(u *url.URL) *url.URL {
	if u.User == nil {
		return u
	}
	plain := *u
	plain.User = nil
	return &plain
}
