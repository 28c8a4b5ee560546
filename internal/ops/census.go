package ops

import (
	"hash/maphash"

	"github.com/specify-cli/specify/internal/hashset"
)

// census is what the first reading of lists that are read twice finds out
// about the identities in them: which ones may come more than once. It takes
// two bytes an identity while it counts, and after done a tenth of that, where a
// set of all of them would take nine for as long as the run lasts.
type census struct {
	seed     maphash.Seed
	sieves   []sieve     // each four times as large as the one before it
	repeated hashset.Set // what was in a sieve already, rightly or not
}

// A sieve is a Bloom filter with ten bits for each of the identities it is made
// for, four of them set: of those that are new, one in 85 is taken for known
// when it is full.
type sieve struct {
	bits []uint64
	room int
}

const (
	firstSieve = 1 << 14 // identities
	sieveBits  = 10      // for each
	sieveSet   = 4
)

func newSieve(room int) sieve { return sieve{make([]uint64, room*sieveBits/64), room} }

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
		c.sieves = append(c.sieves, newSieve(firstSieve<<(2*len(c.sieves))))
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
	for i := range uint32(sieveSet) {
		if at := s.place(print, i); s.bits[at>>6]>>(at&63)&1 == 0 {
			return false
		}
	}
	return true
}

func (s *sieve) put(print uint64) {
	for i := range uint32(sieveSet) {
		at := s.place(print, i)
		s.bits[at>>6] |= 1 << (at & 63)
	}
	s.room--
}

// place is the i-th bit of print: its halves are two hashes, and the others are
// sums of them.
func (s *sieve) place(print uint64, i uint32) uint64 {
	hash := uint32(print) + i*uint32(print>>32)
	return uint64(hash) * uint64(len(s.bits)) * 64 >> 32
}
