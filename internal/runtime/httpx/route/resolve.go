package route

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Resolve gives names addresses of the user's choice. The zero value gives none.
// It may be read concurrently.
type Resolve struct {
	to      map[string][]netip.Addr // by "host:port" in lower case; the host may be *
	entries []string
}

// Add takes an entry HOST:PORT:ADDR[,ADDR]..., as curl's --resolve does: HOST may
// be "*", an IPv6 address stands in brackets, and a "+" before it all, which
// limits the entry's life in curl, changes nothing.
func (r *Resolve) Add(entry string) error {
	host, port, addrs, ok := splitEntry(strings.TrimPrefix(entry, "+"))
	if !ok {
		return fmt.Errorf("%q is not of the form HOST:PORT:ADDR[,ADDR]", entry)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("%q: %q is not a port", entry, port)
	}
	var list []netip.Addr
	for s := range strings.SplitSeq(addrs, ",") {
		a, err := netip.ParseAddr(unbracket(strings.TrimSpace(s)))
		if err != nil {
			return fmt.Errorf("%q: %q is not an address", entry, s)
		}
		list = append(list, a)
	}
	if r.to == nil {
		r.to = make(map[string][]netip.Addr)
	}
	r.to[resolveKey(host, port)] = list
	r.entries = append(r.entries, entry)
	return nil
}

func splitEntry(s string) (host, port, addrs string, ok bool) {
	if strings.HasPrefix(s, "[") {
		end := strings.Index(s, "]:")
		if end < 0 {
			return "", "", "", false
		}
		host, s = s[1:end], s[end+2:]
	} else if host, s, ok = strings.Cut(s, ":"); !ok {
		return "", "", "", false
	}
	port, addrs, ok = strings.Cut(s, ":")
	return host, port, addrs, ok && host != "" && !strings.HasPrefix(host, "-")
}

func unbracket(s string) string {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); ok {
			return inner
		}
	}
	return s
}

func resolveKey(host, port string) string {
	return strings.ToLower(strings.TrimSuffix(host, ".")) + ":" + strings.TrimLeft(port, "0")
}

// Lookup returns the addresses for what is about to be dialled, "host:port"; nil
// leaves it to the system.
func (r Resolve) Lookup(hostport string) []netip.Addr {
	if r.to == nil {
		return nil
	}
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil
	}
	if list, ok := r.to[resolveKey(host, port)]; ok {
		return list
	}
	return r.to[resolveKey("*", port)]
}

// Entries are what Add took, in order.
func (r Resolve) Entries() []string { return r.entries }
