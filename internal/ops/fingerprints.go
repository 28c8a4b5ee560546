package ops

import "math/bits"

// fingerprints is a set of 64-bit hashes at 9 to 16 bytes each. The zero value
// is empty. 0 counts as 1.
type fingerprints struct {
	table []uint64 // open addressing; 0 is free
	used  int
}

// add reports whether print was not in the set before.
func (f *fingerprints) add(print uint64) (fresh bool) {
	if f.used >= len(f.table)-len(f.table)/10 {
		old := f.table
		f.table = make([]uint64, max(64, len(old)+len(old)*3/4))
		for _, p := range old {
			if p != 0 {
				f.table[f.slot(p)] = p
			}
		}
	}
	print = max(1, print)
	i := f.slot(print)
	if f.table[i] == print {
		return false
	}
	f.table[i] = print
	f.used++
	return true
}

// has reports whether print is in the set.
func (f *fingerprints) has(print uint64) bool {
	if f.used == 0 {
		return false
	}
	print = max(1, print)
	return f.table[f.slot(print)] == print
}

// slot returns where print stands, or else the free slot where it belongs.
func (f *fingerprints) slot(print uint64) uint64 {
	size := uint64(len(f.table))
	i, _ := bits.Mul64(print, size) // evenly over the table, whatever its size
	for f.table[i] != 0 && f.table[i] != print {
		if i++; i == size {
			i = 0
		}
	}
	return i
}
