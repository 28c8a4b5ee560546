package ops

import (
	"fmt"
	"hash/maphash"
	"math/bits"
)

// identities makes the n-th duplicate of an identity distinct by "#n". It keeps
// eight bytes for each identity, not the identity itself: nine megabytes for a
// million whose number is known beforehand. Two different identities share a
// fingerprint with a probability of about n²/2^65, 1 in 37 million for a million
// tasks, and then the second is numbered as a duplicate, which harms nothing but
// a later --resume of it.
type identities struct {
	seed   maphash.Seed
	table  []uint64 // open addressing; 0 is free
	used   int
	copies map[uint64]int // of identities seen more than once
}

// newIdentities expects so many identities; -1 is not known.
func newIdentities(expected int64) *identities {
	size := max(1024, expected+expected/8)
	return &identities{seed: maphash.MakeSeed(), table: make([]uint64, size), copies: make(map[uint64]int)}
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
	if s.used >= len(s.table)-len(s.table)/10 {
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
	size := uint64(len(s.table))
	i, _ := bits.Mul64(print, size) // evenly over the table, whatever its size
	for ; ; i = (i + 1) % size {
		switch s.table[i] {
		case print:
			return false
		case 0:
			s.table[i] = print
			return true
		}
	}
}
