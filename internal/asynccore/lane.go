package asynccore

import (
	"container/heap"
	"math"
	"time"
)

// never is the time, in a Runner's reckoning, that does not come.
const never = time.Duration(math.MaxInt64)

// A lane holds the jobs of one key that wait for a slot. Its jobs are eligible
// together or not at all: a lane at its limit, paused or refused is in no ring
// and so costs the others nothing. A lane without jobs, slots and blocks is
// freed. All fields are guarded by Runner.mu.
type lane struct {
	key     string
	limit   int           // slots that its jobs may hold at once; 0 = any number
	running int           // slots that its jobs hold
	waiting int           // jobs in bands
	paused  time.Duration // the Runner's time at which a Pause ends; 0 = not paused
	refused time.Duration // likewise for a refusal by Admission; never = until a Release or Wake
	due     time.Duration // when the timer looks after the lane; its order in Runner.timed
	timed   int           // its place in Runner.timed, -1 when it is not there
	ready   bool          // the bands that hold jobs are in the rings
	bands   [classes]band // by rank
}

// A band holds the jobs of a lane that are of one class: those that come back
// for a slot, by age, and those that have yet to start, first in first out.
type band struct {
	lane       *lane
	rank       uint8
	next, prev *band // neighbours in the ring of the class; nil outside of it
	resumed    slotHeap
	fresh      slotList
}

// head returns the oldest job of b, which must hold one.
func (b *band) head() *Slot {
	if len(b.resumed) == 0 {
		return b.fresh.first
	}
	s := b.resumed[0]
	if f := b.fresh.first; f != nil && f.seq < s.seq {
		return f
	}
	return s
}

func (b *band) empty() bool { return b.fresh.first == nil && len(b.resumed) == 0 }

func (b *band) add(s *Slot) {
	if s.state == slotResuming {
		heap.Push(&b.resumed, s)
	} else {
		b.fresh.push(s)
	}
}

func (b *band) remove(s *Slot) {
	if s.state == slotResuming {
		heap.Remove(&b.resumed, s.index)
	} else {
		b.fresh.remove(s)
	}
}

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

// slotList is a first-in-first-out list through Slot.next and prev.
type slotList struct{ first, last *Slot }

func (l *slotList) push(s *Slot) {
	s.prev = l.last
	if l.last == nil {
		l.first = s
	} else {
		l.last.next = s
	}
	l.last = s
}

func (l *slotList) remove(s *Slot) {
	if s.prev == nil {
		l.first = s.next
	} else {
		s.prev.next = s.next
	}
	if s.next == nil {
		l.last = s.prev
	} else {
		s.next.prev = s.prev
	}
	s.next, s.prev = nil, nil
}

// slotHeap has the job that was submitted first on top. It is a heap because a
// lane that was paused gets its parked jobs back in any order, all at once.
type slotHeap []*Slot

func (h slotHeap) Len() int           { return len(h) }
func (h slotHeap) Less(i, j int) bool { return h[i].seq < h[j].seq }
func (h slotHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *slotHeap) Push(x any) {
	s := x.(*Slot)
	s.index = len(*h)
	*h = append(*h, s)
}

func (h *slotHeap) Pop() any {
	last := len(*h) - 1
	s := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return s
}
