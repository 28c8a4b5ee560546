package files

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
)

// digest counts the bytes of an output and computes the sums that were asked
// for, and no others.
type digest struct {
	n      int64                   // bytes of the output
	hashed int64                   // bytes that the hashes have seen
	hashes map[Algorithm]hash.Hash // nil while none is asked for
	wants  []Checksum
}

func (d *digest) ask(a Algorithm) {
	if d.hashes[a] != nil || a.size() == 0 {
		return
	}
	if d.hashes == nil {
		d.hashes = make(map[Algorithm]hash.Hash, 1)
	}
	if a == SHA256 {
		d.hashes[a] = sha256.New()
	} else {
		d.hashes[a] = sha512.New()
	}
	for _, h := range d.hashes {
		h.Reset() // all have seen the same bytes
	}
	d.hashed = 0
}

// Expect asks for sum at Commit.
func (d *digest) Expect(sum Checksum) {
	if sum == (Checksum{}) {
		return
	}
	d.ask(sum.Algorithm)
	d.wants = append(d.wants, sum)
}

func (d *digest) hashing() bool { return d.hashes != nil }

// take counts p, and hashes it.
func (d *digest) take(p []byte) {
	d.n += int64(len(p))
	if d.hashing() {
		d.hash(p)
	}
}

func (d *digest) hash(p []byte) {
	for _, h := range d.hashes {
		h.Write(p)
	}
	d.hashed += int64(len(p))
}

// reset makes the length n. The hashes have seen nothing then.
func (d *digest) reset(n int64) {
	d.n, d.hashed = n, 0
	for _, h := range d.hashes {
		h.Reset()
	}
}

// sum returns the sum in hex, or "" when it was not asked for.
func (d *digest) sum(a Algorithm) string {
	h := d.hashes[a]
	if h == nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// verify returns a *ChecksumError unless the sums are all that was expected.
func (d *digest) verify(path string) error {
	for _, want := range d.wants {
		if got := d.sum(want.Algorithm); got != want.Hex {
			return &ChecksumError{Path: path, Want: want, Got: Checksum{want.Algorithm, got}}
		}
	}
	return nil
}
