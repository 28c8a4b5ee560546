package ops

import (
	"fmt"
	"hash/maphash"
)

// identities makes the n-th duplicate of an identity distinct by "#n". It keeps
// eight bytes for each identity, not the identity itself: a million cost 16
// MiB at most. Two different identities share a fingerprint with a probability
// of about n²/2^65, 1 in 37 million for a million tasks, and then the second is
// numbered as a duplicate, which harms nothing but a later --resume of it.
type identities struct {
	seed   maphash.Seed
	table  []uint64 // open addressing; 0 is free
	used   int
	copies map[uint64]int // of identities seen more than once
}

func newIdentities() *identities {
	return &identities{seed: maphash.MakeSeed(), table: make([]uint64, 1024), copies: make(map[uint64]int)}
}

// distinct returns id the first time, id#2 the second time, and so on.
func (s *identities) distinct(id string) string {
	print := s.print(id)
	if s.insert(print) {
		return id
	}
	for {
		s.copies[print]++
		copy := fmt.Sprintf("%s#%d", id, s.copies[print]+1)
		if s.insert(s.print(copy)) { // else a line's own id looks like this one
			return copy
		}
	}
}

func (s *identities) print(id string) uint64 { return max(1, maphash.String(s.seed, id)) }

func (s *identities) insert(print uint64) (fresh bool) {
	if s.used*4 >= len(s.table)*3 {
		old := s.table
		s.table = make([]uint64, 2*len(old))
		for _, p := range old {
			if p != 0 {
				s.place(p)
			}
		}
	}
	if !s.place(print) {
		return false
	}
	s.used++
	return true
}

func (s *identities) place(print uint64) bool {
	mask := uint64(len(s.table) - 1)
	for i := print & mask; ; i = (i + 1) & mask {
		switch s.table[i] {
		case print:
			return false
		case 0:
			s.table[i] = print
			return true
		}
	}
}
