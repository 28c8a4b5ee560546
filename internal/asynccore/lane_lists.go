package asynccore

// A ring is the round in which the eligible bands of one class take their
// turns.
type ring struct {
	front *band // whose turn it is; nil when the ring is empty
}

// push puts b at the end of the round.
func (q *ring) push(b *band) {
	if q.front == nil {
		b.next, b.prev = b, b
		q.front = b
		return
	}
	b.next, b.prev = q.front, q.front.prev
	b.prev.next, b.next.prev = b, b
}

func (q *ring) remove(b *band) {
	if b.next == b {
		q.front = nil
	} else {
		b.prev.next, b.next.prev = b.next, b.prev
		if q.front == b {
			q.front = b.next
		}
	}
	b.next, b.prev = nil, nil
}

// slotList is a first-in, first-out list of slots. A slot can be in one list of
// each kind.
type slotList struct {
	first, last *Slot
	kind        listKind
}

type listKind uint8

const (
	listOfPlace listKind = iota // where the slot waits: band.fresh, Runner.blocked or Runner.doomed
	listOfScope                 // jobScope.queued
	listKinds
)

type slotLinks struct{ next, prev *Slot }

func (l *slotList) push(s *Slot) {
	s.links[l.kind].prev = l.last
	if l.last == nil {
		l.first = s
	} else {
		l.last.links[l.kind].next = s
	}
	l.last = s
}

func (l *slotList) remove(s *Slot) {
	at := s.links[l.kind]
	if at.prev == nil {
		l.first = at.next
	} else {
		at.prev.links[l.kind].next = at.next
	}
	if at.next == nil {
		l.last = at.prev
	} else {
		at.next.links[l.kind].prev = at.prev
	}
	s.links[l.kind] = slotLinks{}
}

// slotHeap has the job that was submitted first on top. It is a heap because a
// lane that was paused gets its parked jobs back in any order, all at once.
type slotHeap []*Slot

func (h slotHeap) Len() int           { return len(h) }
func (h slotHeap) Less(i, j int) bool { return h[i].seq < h[j].seq }
func (h slotHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = int32(i), int32(j)
}

func (h *slotHeap) Push(x any) {
	s := x.(*Slot)
	s.index = int32(len(*h))
	*h = append(*h, s)
}

func (h *slotHeap) Pop() any {
	last := len(*h) - 1
	s := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return s
}
