// Package hashset holds sets of 64-bit hashes in little memory: for names and
// identities of which there are millions, and where it does no harm that two
// out of a million share a hash now and then.
package hashset

import "math/bits"

// Set is a set of 64-bit hashes at 10 to 15 bytes each, where a
// map[uint64]struct{} takes 38 (measured with a million). The zero value is
// empty. It is for one goroutine at a time, and must not be copied.
type Set struct{ shards [64]shard }

// shard is a table with linear probing. It grows alone, so that growth needs
// room for little more than the set. A slot of 0 is free.
type shard struct {
	slots []uint64
	used  int
}

// of returns the shard of hash, and what stands for hash there.
func (s *Set) of(hash uint64) (sh *shard, key uint64) {
	return &s.shards[hash>>58], max(hash<<6|hash>>58, 1) // 1 for hash 0: the other keys of its shard are multiples of 64
}

// find returns the slot that holds key, or else the free one where it belongs.
// There must be one.
func (sh *shard) find(key uint64) (at int, ok bool) {
	start, _ := bits.Mul64(key, uint64(len(sh.slots)))
	for at = int(start); sh.slots[at] != 0; {
		if sh.slots[at] == key {
			return at, true
		}
		if at++; at == len(sh.slots) {
			at = 0
		}
	}
	return at, false
}

// Has reports whether the set holds hash.
func (s *Set) Has(hash uint64) bool {
	sh, key := s.of(hash)
	if sh.used == 0 {
		return false
	}
	_, ok := sh.find(key)
	return ok
}

// Add puts hash into the set and reports whether it was not there before.
func (s *Set) Add(hash uint64) (fresh bool) {
	sh, key := s.of(hash)
	if sh.used+1 > len(sh.slots)*4/5 {
		sh.grow()
	}
	at, ok := sh.find(key)
	if ok {
		return false
	}
	sh.slots[at] = key
	sh.used++
	return true
}

func (sh *shard) grow() {
	old := sh.slots
	sh.slots = make([]uint64, len(old)*3/2+8)
	for _, key := range old {
		if key != 0 {
			at, _ := sh.find(key)
			sh.slots[at] = key
		}
	}
}
