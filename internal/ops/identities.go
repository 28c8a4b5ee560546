package ops

import (
	"fmt"
	"hash/maphash"

	"github.com/specify-cli/specify/internal/hashset"
)

// identities makes the n-th duplicate of an identity distinct by "#n". Not the
// identities are kept but a fingerprint of eight bytes of each: with census only
// of those that may come more than once, else of all. Two different identities
// share a fingerprint with a probability of about n²/2^65, 1 in 37 million for a
// million tasks, and then the second is numbered as a duplicate, which harms
// nothing but a later --resume of it.
type identities struct {
	census *census // nil where the input can be read only once
	seed   maphash.Seed
	seen   hashset.Set
	copies map[uint64]int // of identities seen more than once
}

// newIdentities counts on what c has seen; nil is nothing.
func newIdentities(c *census) *identities {
	s := &identities{census: c, seed: maphash.MakeSeed(), copies: make(map[uint64]int)}
	if c != nil {
		s.seed = c.seed
	}
	return s
}

// distinct returns id the first time, id#2 the second time, and so on.
func (s *identities) distinct(id string) string {
	print := maphash.String(s.seed, id)
	if s.census != nil && !s.census.repeated.Has(print) || s.seen.Add(print) {
		return id
	}
	for {
		s.copies[print]++
		copy := fmt.Sprintf("%s#%d", id, s.copies[print]+1)
		if s.seen.Add(maphash.String(s.seed, copy)) { // else a line's own id looks like this one
			return copy
		}
	}
}
