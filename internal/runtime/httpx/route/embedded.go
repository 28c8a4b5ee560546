package route

import (
	"net/netip"
	"strconv"
	"strings"
)

// meanings returns a without its zone, and the IPv4 addresses that a connection
// to it may end at.
func meanings(a netip.Addr) []netip.Addr {
	a = a.WithZone("").Unmap() // ::ffff:0:0/96, RFC 4291 §2.5.5.2
	if a.Is4() {
		return []netip.Addr{a}
	}
	b := a.As16()
	v4 := func(i, j, k, l int) netip.Addr { return netip.AddrFrom4([4]byte{b[i], b[j], b[k], b[l]}) }
	switch {
	case below(a, "64:ff9b::/96"), // NAT64, RFC 6052 §2.1
		below(a, "::/96") && !below(a, "::/127"): // IPv4-compatible, RFC 4291 §2.5.5.1
		return []netip.Addr{a, v4(12, 13, 14, 15)}
	case below(a, "2002::/16"): // 6to4, RFC 3056 §2
		return []netip.Addr{a, v4(2, 3, 4, 5)}
	case below(a, "64:ff9b:1::/48"): // NAT64 of a network's own, RFC 8215
		// The network chose how long its prefix is, and RFC 6052 §2.2 by that
		// where the address stands: 48, 56, 64 or 96 bits.
		all := []netip.Addr{a}
		for _, m := range []netip.Addr{v4(6, 7, 9, 10), v4(7, 9, 10, 11), v4(9, 10, 11, 12), v4(12, 13, 14, 15)} {
			if m.As4()[0] != 0 { // 0.0.0.0/8 is nobody's, and what the wrong readings give
				all = append(all, m)
			}
		}
		return all
	}
	return []netip.Addr{a}
}

func below(a netip.Addr, prefix string) bool { return netip.MustParsePrefix(prefix).Contains(a) }

// numeric reads the other spellings of an IPv4 address that inet_aton(3) takes:
// one to four numbers, decimal, octal (0177) or hexadecimal (0x7f), of which the
// last fills all the bytes that are left. Go's resolver takes none of them.
func numeric(host string) (netip.Addr, bool) {
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var sum uint64
	for i, part := range parts {
		bits := 8
		if i == len(parts)-1 {
			bits = 8 * (5 - len(parts))
		}
		if part == "" || strings.ContainsAny(part, "_+-") || strings.HasPrefix(part, "0b") || strings.HasPrefix(part, "0o") {
			return netip.Addr{}, false
		}
		n, err := strconv.ParseUint(part, 0, bits)
		if err != nil {
			return netip.Addr{}, false
		}
		sum = sum<<bits | n
	}
	return netip.AddrFrom4([4]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}), true
}
