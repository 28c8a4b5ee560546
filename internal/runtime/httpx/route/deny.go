package route

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// classes are the names that stand for addresses in a list of denied ones.
var classes = map[string][]netip.Prefix{
	// RFC 3927, RFC 4291 §2.5.6; clouds answer for credentials at 169.254.169.254.
	"link-local": prefixes("169.254.0.0/16", "fe80::/10"),
	// RFC 1918, RFC 4193, site-local as it was before (RFC 3879), and what lies
	// behind a carrier's NAT (RFC 6598).
	"private": prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fec0::/10"),
	// RFC 1122 §3.2.1.3; connecting to the unspecified address reaches this host too.
	"loopback": prefixes("127.0.0.0/8", "0.0.0.0/8", "::1/128", "::/128"),
}

func prefixes(all ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(all))
	for i, s := range all {
		list[i] = netip.MustParsePrefix(s)
	}
	return list
}

// Deny says which addresses no connection may be made to. The zero value denies
// none. It may be read concurrently.
type Deny struct{ rules []rule }

type rule struct {
	name  string
	below []netip.Prefix
}

// DenyLinkLocal is what holds unless the user says otherwise.
func DenyLinkLocal() Deny { return Deny{[]rule{{"link-local", classes["link-local"]}}} }

// DeniedError is a connection that was not tried.
type DeniedError struct {
	Addr netip.Addr
	Rule string // the class or prefix that it falls under
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("address %v is denied (%s); see --deny", e.Addr, e.Rule)
}

// ErrorType is denied_address.
func (e *DeniedError) ErrorType() string { return "denied_address" }

// Add denies what the list names too: classes (link-local, private, loopback),
// prefixes and addresses, separated by commas. "none" takes back everything that
// was denied before it.
func (d *Deny) Add(list string) error {
	rules := slices.Clone(d.rules)
	for item := range strings.SplitSeq(list, ",") {
		item = strings.ToLower(strings.TrimSpace(item))
		if item == "none" {
			rules = nil
			continue
		}
		below, ok := classes[item]
		if !ok {
			p, err := parsePrefix(item)
			if err != nil {
				return fmt.Errorf("%q is not link-local, private, loopback, none, or a prefix like 10.0.0.0/8", item)
			}
			item, below = p.String(), []netip.Prefix{p}
		}
		if !slices.ContainsFunc(rules, func(r rule) bool { return r.name == item }) {
			rules = append(rules, rule{item, below})
		}
	}
	d.rules = rules
	return nil
}

// parsePrefix reads a prefix or a single address. One of mapped IPv4 addresses
// is one of IPv4 addresses.
func parsePrefix(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return p, err
		}
		p = netip.PrefixFrom(a.WithZone(""), a.BitLen())
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

// String is a list that Add makes d of DenyLinkLocal by.
func (d Deny) String() string {
	var names []string
	for _, r := range d.rules {
		names = append(names, r.name)
	}
	if !slices.Contains(names, "link-local") {
		names = slices.Insert(names, 0, "none")
	}
	return strings.Join(names, ",")
}

// Check returns a *DeniedError for an address that is denied, or in which one is
// embedded.
func (d Deny) Check(a netip.Addr) error {
	if len(d.rules) == 0 {
		return nil
	}
	for _, meant := range meanings(a) {
		for _, r := range d.rules {
			for _, p := range r.below {
				if p.Contains(meant) {
					return &DeniedError{a, r.name}
				}
			}
		}
	}
	return nil
}

// CheckHost is Check for the host of a URL that somebody else will look up: a
// proxy. It knows an address in every spelling that getaddrinfo(3) does, and
// localhost (RFC 6761 §6.3); of any other name it cannot tell.
func (d Deny) CheckHost(host string) error {
	if len(d.rules) == 0 {
		return nil
	}
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii // wide digits and dots become plain ones
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		host = "127.0.0.1"
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return d.Check(a)
	}
	if a, ok := numeric(host); ok {
		return d.Check(a)
	}
	return nil
}
