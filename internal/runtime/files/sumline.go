package files

import (
	"errors"
	"fmt"
	"strings"
)

var errSumLine = errors.New(`want "HEX  name", "HEX *name" or "SHA256 (name) = HEX"`)

// parseSumLine reads one line of a sums file, as sha256sum -c does.
func parseSumLine(line string) (name string, sum Checksum, err error) {
	line, escaped := strings.CutPrefix(line, `\`)
	if before, rest, ok := strings.Cut(line, " ("); ok && !strings.ContainsAny(before, " \t") && !isSum(before) {
		name, sum, err = parseTagged(before, rest)
	} else {
		name, sum, err = parsePlain(line)
	}
	if err == nil && escaped {
		name, err = unescape(name)
	}
	if err == nil && name == "" {
		err = errors.New("the name is empty")
	}
	return name, sum, err
}

// parseTagged reads "SHA256 (name) = HEX" without what was cut off as tag.
func parseTagged(tag, rest string) (string, Checksum, error) {
	at := strings.LastIndex(rest, ") = ")
	if at < 0 {
		return "", Checksum{}, errSumLine
	}
	sum, err := newChecksum(Algorithm(strings.ToLower(tag)), rest[at+len(") = "):])
	return rest[:at], sum, err
}

// parsePlain reads "HEX  name" (text), "HEX *name" (binary), and "HEX name",
// which is what BSD tools write with -r.
func parsePlain(line string) (string, Checksum, error) {
	digits, name, ok := strings.Cut(line, " ")
	if !ok {
		return "", Checksum{}, errSumLine
	}
	if name != "" && (name[0] == ' ' || name[0] == '*') {
		name = name[1:]
	}
	switch len(digits) {
	case 2 * SHA256.size():
		sum, err := newChecksum(SHA256, digits)
		return name, sum, err
	case 2 * SHA512.size():
		sum, err := newChecksum(SHA512, digits)
		return name, sum, err
	case 32, 40:
		if isHexString(digits) {
			return "", Checksum{}, errors.New("MD5 and SHA-1 prove nothing; want SHA-256 or SHA-512")
		}
	}
	return "", Checksum{}, errSumLine
}

// isSum tells "HEX (name)" from "SHA256 (name)".
func isSum(s string) bool {
	return (len(s) == 2*SHA256.size() || len(s) == 2*SHA512.size()) && isHexString(s)
}

func isHexString(s string) bool {
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}

// unescape undoes the escapes of GNU coreutils: \\, \n and \r.
func unescape(name string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == '\\' {
			if i++; i == len(name) {
				return "", errors.New("the name ends within an escape")
			}
			switch name[i] {
			case '\\':
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			default:
				return "", fmt.Errorf(`unknown escape \%c in the name`, name[i])
			}
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}
