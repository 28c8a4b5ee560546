package files

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"strings"
)

// Algorithm is a hash function by its name.
type Algorithm string

// The algorithms that checksums may have. MD5 and SHA-1 are not among them:
// collisions are for sale.
const (
	SHA256 Algorithm = "sha256"
	SHA512 Algorithm = "sha512"
)

// size is the length of a sum in bytes; 0 for an unknown algorithm.
func (a Algorithm) size() int {
	switch a {
	case SHA256:
		return sha256.Size
	case SHA512:
		return sha512.Size
	}
	return 0
}

// Checksum is what a body must hash to. It is a value: compare it freely.
type Checksum struct {
	Algorithm Algorithm
	Hex       string // the sum in small hex digits; empty is no checksum
}

// String returns the form that ParseChecksum reads.
func (c Checksum) String() string { return string(c.Algorithm) + ":" + c.Hex }

// ParseChecksum reads "sha256:HEX" or "sha512:HEX".
func ParseChecksum(s string) (Checksum, error) {
	name, digits, ok := strings.Cut(s, ":")
	if !ok {
		return Checksum{}, fmt.Errorf("checksum %q: want sha256:HEX or sha512:HEX", s)
	}
	c, err := newChecksum(Algorithm(strings.ToLower(name)), digits)
	if err != nil {
		return Checksum{}, fmt.Errorf("checksum %q: %w", s, err)
	}
	return c, nil
}

func newChecksum(a Algorithm, digits string) (Checksum, error) {
	size := a.size()
	if size == 0 {
		return Checksum{}, fmt.Errorf("algorithm %q is not sha256 or sha512", a)
	}
	if len(digits) != 2*size {
		return Checksum{}, fmt.Errorf("%d hex digits where %s has %d", len(digits), a, 2*size)
	}
	if _, err := hex.DecodeString(digits); err != nil {
		return Checksum{}, fmt.Errorf("%q is not hexadecimal", digits)
	}
	return Checksum{a, strings.ToLower(digits)}, nil
}
