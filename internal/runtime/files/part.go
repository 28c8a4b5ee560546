package files

import "strings"

// hostPart returns the first part of a name. An underscore of the host's own
// before digits at its end must not look like the port's.
func hostPart(host, port string) string {
	var b strings.Builder
	for i := range len(host) {
		c := host[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if literal(c) {
			b.WriteByte(c)
		} else {
			encode(&b, c, smallHex)
		}
	}
	part := protect(b.String())
	if stem := strings.TrimRight(part, "0123456789"); stem != part && strings.HasSuffix(stem, "_") {
		at := len(stem) - 1
		part = part[:at] + "%5f" + part[at+1:]
	}
	if port != "" {
		part += "_" + port
	}
	return part
}

// pathPart returns the part of a name for a segment of an escaped path.
func pathPart(raw string, last bool) string {
	switch {
	case raw == "" && last:
		return "index"
	case raw == "":
		return "%"
	}
	part := protect(normal(raw))
	if !last {
		return part
	}
	if part == "index" {
		return "inde%78"
	}
	// What looks like a query's hash is not one: encode its first digit.
	at := len(part) - hashDigits
	if at > 0 && part[at-1] == '@' && strings.Trim(strings.ToLower(part[at:]), "0123456789abcdef") == "" {
		part = encodeAt(part, at)
	}
	return part
}

// normal returns a segment with its percent-encoding in the normal form of RFC
// 3986 §6.2.2, and with small hex digits for what a name cannot have.
func normal(raw string) string {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c == '%' && i+2 < len(raw) && isHex(raw[i+1]) && isHex(raw[i+2]):
			c = unhex(raw[i+1])<<4 | unhex(raw[i+2])
			i += 2
			if unreserved(c) {
				b.WriteByte(c)
			} else {
				encode(&b, c, capitalHex)
			}
		case literal(c):
			b.WriteByte(c)
		default:
			encode(&b, c, smallHex)
		}
	}
	return b.String()
}

// protect encodes what would be read as something else: a dot, or a letter,
// which normal leaves unencoded.
func protect(part string) string {
	if part == "." || part == ".." {
		return strings.ReplaceAll(part, ".", "%2e")
	}
	if deviceName(part) {
		part = encodeAt(part, 0)
	}
	if ours(part) {
		part = encodeAt(part, len(part)-len(tempSuffix))
	}
	if strings.HasSuffix(part, ".") { // Windows drops it
		part = encodeAt(part, len(part)-1)
	}
	return part
}

const smallHex, capitalHex = "0123456789abcdef", "0123456789ABCDEF"

func encode(b *strings.Builder, c byte, digits string) {
	b.WriteByte('%')
	b.WriteByte(digits[c>>4])
	b.WriteByte(digits[c&15])
}

func encodeAt(part string, at int) string {
	var b strings.Builder
	b.WriteString(part[:at])
	encode(&b, part[at], smallHex)
	b.WriteString(part[at+1:])
	return b.String()
}

// unreserved is RFC 3986 §2.3.
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// literal reports whether c may stand in a name as it is.
func literal(c byte) bool { return unreserved(c) || strings.IndexByte("!$&'()+,;=@[]", c) >= 0 }

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
