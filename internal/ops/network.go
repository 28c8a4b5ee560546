package ops

import (
	"net/url"
	"strconv"

	"github.com/specify-cli/specify/internal/runtime/httpx/route"
)

// Network is how requests reach their targets, and who they say they are from.
// The zero value is nobody, by the shortest way, with every address allowed.
type Network struct {
	User   *url.Userinfo // for every request that no header says otherwise for
	Bearer string        // a token; goes over User
	Netrc  bool          // look users up in the file that NETRC names, or ~/.netrc

	Cert, Key, CACert string // PEM files; empty is none
	Insecure          bool   // do not verify servers

	Proxy      *url.URL // as ParseProxy returns it
	ProxyGiven bool     // Proxy counts, nil too; else the environment's do

	Resolve Resolve
	Deny    Deny
	HTTP1   bool // never HTTP/2
}

// personal reports whether requests say who they are from, so that their answers
// may be meant for nobody else.
func (n *Network) personal() bool {
	return n.User != nil || n.Bearer != "" || n.Netrc || n.Cert != ""
}

// trust is what an answer's being true depends on, besides its URL: whom it was
// taken from, and whether that was proved.
func (n *Network) trust() []string {
	var parts []string
	if n.Insecure || n.CACert != "" {
		parts = append(parts, "trust", strconv.FormatBool(n.Insecure), n.CACert)
	}
	if entries := n.Resolve.Entries(); entries != nil {
		parts = append(append(parts, "resolve"), entries...)
	}
	return parts
}

// Resolve gives names addresses of the user's choice.
type Resolve = route.Resolve

// Deny is a set of addresses that no connection may be made to.
type Deny = route.Deny

// DenyLinkLocal is what holds unless the user says otherwise.
func DenyLinkLocal() Deny { return route.DenyLinkLocal() }

// ParseProxy reads [SCHEME://][USER:PASSWORD@]HOST[:PORT]. Its errors do not
// repeat raw.
func ParseProxy(raw string) (*url.URL, error) { return route.ParseProxy(raw) }
