package ops

// places is a set of places in an input: a bit for each up to the highest. The
// zero value is empty. It is not safe for concurrent use.
type places struct {
	bits  []uint64
	count int64
}

// mostPlaces keeps a record with a wild number from taking all memory: a set up to it
// has 128 MiB.
const mostPlaces = 1 << 30

// add reports whether the place is new. One that no input can have is not.
func (p *places) add(place int64) bool {
	if place < 0 || place >= mostPlaces || p.has(place) {
		return false
	}
	word := int(place / 64)
	if word >= len(p.bits) {
		p.bits = append(p.bits, make([]uint64, word+1-len(p.bits))...)
	}
	p.bits[word] |= 1 << (place % 64)
	p.count++
	return true
}

// remove takes a place away that the set has.
func (p *places) remove(place int64) {
	p.bits[place/64] &^= 1 << (place % 64)
	p.count--
}

func (p *places) has(place int64) bool {
	word := int(place / 64)
	return word < len(p.bits) && p.bits[word]>>(place%64)&1 == 1
}
