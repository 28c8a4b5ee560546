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

// jobList is a first-in, first-out list of jobs. A job can be in one list of
// each kind.
type jobList struct {
	first, last *jobEntry
	kind        listKind
}

type listKind uint8

const (
	listOfPlace listKind = iota // where the job waits: band.fresh, Runner.blocked or Runner.doomed
	listOfScope                 // jobScope.queued
	listKinds
)

type jobLinks struct{ next, prev *jobEntry }

func (l *jobList) push(e *jobEntry) {
	e.links[l.kind].prev = l.last
	if l.last == nil {
		l.first = e
	} else {
		l.last.links[l.kind].next = e
	}
	l.last = e
}

func (l *jobList) remove(e *jobEntry) {
	at := e.links[l.kind]
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
	e.links[l.kind] = jobLinks{}
}

// jobHeap has the job that was submitted first on top. It is a heap because a
// lane that was paused gets its parked jobs back in any order, all at once.
type jobHeap []*jobEntry

func (h jobHeap) Len() int           { return len(h) }
func (h jobHeap) Less(i, j int) bool { return h[i].seq < h[j].seq }
func (h jobHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = int32(i), int32(j)
}

func (h *jobHeap) Push(x any) {
	e := x.(*jobEntry)
	e.index = int32(len(*h))
	*h = append(*h, e)
}

func (h *jobHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return e
}
