package files

import "math/bits"

// hashSet is a set of 64-bit hashes at 10 to 15 bytes each, where a
// map[uint64]struct{} takes 38 (measured with a million). The zero value is
// empty.
type hashSet struct{ shards [64]shard }

// shard is a table with linear probing. It grows alone, so that growth needs
// room for little more than the set. A slot of 0 is free.
type shard struct {
	slots []uint64
	used  int
}

// find returns the shard of hash, and its slot there: the one that holds it,
// or else the free one where it belongs.
func (s *hashSet) find(hash uint64) (sh *shard, key uint64, at int, ok bool) {
	sh = &s.shards[hash>>58]
	key = max(hash<<6|hash>>58, 1) // 1 for hash 0: the other keys of its shard are multiples of 64
	if len(sh.slots) == 0 {
		return sh, key, 0, false
	}
	at, ok = sh.find(key)
	return sh, key, at, ok
}

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

// has reports whether the set holds hash.
func (s *hashSet) has(hash uint64) bool {
	_, _, _, ok := s.find(hash)
	return ok
}

// add puts hash into the set.
func (s *hashSet) add(hash uint64) {
	sh, key, at, ok := s.find(hash)
	if ok {
		return
	}
	if sh.used+1 > len(sh.slots)*4/5 {
		old := sh.slots
		sh.slots = make([]uint64, len(old)*3/2+8)
		for _, k := range old {
			if k != 0 {
				to, _ := sh.find(k)
				sh.slots[to] = k
			}
		}
		at, _ = sh.find(key)
	}
	sh.slots[at] = key
	sh.used++
}
