package ops

import (
	"hash/maphash"

	"github.com/specify-cli/specify/internal/hashset"
)

// census is what the first reading of lists that are read twice finds out
// about the identities in them: which ones may come more than once. It takes
// three bytes an identity while it counts, and after done a tenth of that, where
// a set of all of them would take nine for as long as the run lasts.
type census struct {
	seed     maphash.Seed
	sieves   []sieve     // each four times as large as the one before it
	repeated hashset.Set // what was in a sieve already, rightly or not
}

// A sieve is a Bloom filter of two hashes and 16 bits for each of the
// identities it is made for: of those that are new, one in 70 is taken for
// known when it is full.
type sieve struct {
	bits []uint64
	room int
}

const firstSieve = 1 << 14

func newCensus() *census { return &census{seed: maphash.MakeSeed()} }

// count notes an identity.
func (c *census) count(id []byte) {
	print := maphash.Bytes(c.seed, id)
	known := numbered(id) // what the run makes of a duplicate may look like this
	for _, s := range c.sieves {
		known = known || s.has(print)
	}
	if known {
		c.repeated.Add(print)
		return
	}
	last := len(c.sieves) - 1
	if last < 0 || c.sieves[last].room == 0 {
		room := firstSieve << (2 * len(c.sieves))
		c.sieves = append(c.sieves, sieve{make([]uint64, room/4), room})
		last++
	}
	c.sieves[last].put(print)
}

// done ends the count.
func (c *census) done() { c.sieves = nil }

// numbered reports whether id ends like a duplicate's: in "#n".
func numbered(id []byte) bool {
	i := len(id)
	for i > 0 && id[i-1] >= '0' && id[i-1] <= '9' {
		i--
	}
	return i > 0 && i < len(id) && id[i-1] == '#'
}

func (s *sieve) has(print uint64) bool {
	a, b := s.places(print)
	return s.bits[a>>6]>>(a&63)&1 == 1 && s.bits[b>>6]>>(b&63)&1 == 1
}

func (s *sieve) put(print uint64) {
	a, b := s.places(print)
	s.bits[a>>6] |= 1 << (a & 63)
	s.bits[b>>6] |= 1 << (b & 63)
	s.room--
}

// places are the two bits of print, each from a half of it. The number of bits
// is a power of two.
func (s *sieve) places(print uint64) (a, b uint64) {
	mask := uint64(len(s.bits))*64 - 1
	return print & mask, print >> 32 & mask
}
