package asynccore

import (
	"container/heap"
	"time"
)

// spareLanes is how many freed lanes a Runner keeps for the next keys: enough
// for a list that goes round its origins, about 30 KiB.
const spareLanes = 64

// lane returns the lane of key and makes it if need be. The caller holds r.mu.
func (r *Runner) lane(key string) *lane {
	if l := r.lanes[key]; l != nil {
		return l
	}
	var l *lane
	if n := len(r.spare); n > 0 {
		l, r.spare = r.spare[n-1], r.spare[:n-1]
	} else {
		l = &lane{timed: -1}
		for rank := range l.bands {
			l.bands[rank].lane, l.bands[rank].rank = l, uint8(rank)
		}
	}
	l.key, l.limit = key, r.limit(key)
	r.lanes[key] = l
	return l
}

// limit returns how many slots key may hold at once, 0 for any number.
func (r *Runner) limit(key string) int {
	if key == "" {
		return 0
	}
	if n, ok := r.limits[key]; ok {
		return n
	}
	return r.keyLimit
}

// line puts s into the lane of s.key. The caller holds r.mu.
func (r *Runner) line(s *Slot) {
	l := r.lane(s.key)
	b := &l.bands[s.rank]
	s.lane = l
	l.waiting++
	alone := b.empty()
	b.add(s)
	if !l.ready {
		r.refresh(l)
	} else if alone {
		r.enter(b)
	}
}

// unline takes s, which goes without a slot, out of its lane. When the job
// whose turn it was goes, its lane goes to the end of the round: otherwise a
// young job could inherit the place and hold up the class (see due). The
// caller holds r.mu.
func (r *Runner) unline(s *Slot) {
	l, b := s.lane, &s.lane.bands[s.rank]
	first := b.head() == s
	b.remove(s)
	l.waiting--
	s.lane = nil
	if l.ready && (first || b.empty()) {
		r.leave(b)
		if !b.empty() {
			r.enter(b)
		}
	}
	r.refresh(l)
}

// take removes s, the head of b, which gets a slot, and ends the turn of b.
// The caller holds r.mu.
func (r *Runner) take(b *band, s *Slot) {
	b.remove(s)
	l := b.lane
	l.waiting--
	l.running++
	if b.empty() {
		r.leave(b)
	} else if q := &r.rings[b.rank]; q.front == b {
		q.front = b.next
	}
	r.refresh(l)
}

// refresh brings l into the rings or out of them, as its state asks, and frees
// it when nothing is left of it. The caller holds r.mu.
func (r *Runner) refresh(l *lane) {
	ready := l.waiting > 0 && l.paused == 0 && l.refused == 0 && (l.limit == 0 || l.running < l.limit)
	if ready != l.ready {
		l.ready = ready
		for rank := range l.bands {
			b := &l.bands[rank]
			switch {
			case b.empty(): // and so in no ring
			case ready:
				r.enter(b)
			default:
				r.leave(b)
			}
		}
	}
	if l.waiting == 0 && l.running == 0 && l.timed < 0 {
		r.free(l)
	}
}

// free forgets l, with a refusal that had no time: the next job asks anew.
func (r *Runner) free(l *lane) {
	delete(r.lanes, l.key)
	if len(r.spare) == spareLanes {
		return
	}
	l.key, l.limit, l.refused = "", 0, 0
	for rank := range l.bands {
		l.bands[rank].resumed = nil // it may have grown
	}
	r.spare = append(r.spare, l)
}

func (r *Runner) enter(b *band) {
	r.rings[b.rank].push(b)
	r.ready |= 1 << b.rank
}

func (r *Runner) leave(b *band) {
	q := &r.rings[b.rank]
	q.remove(b)
	if q.front == nil {
		r.ready &^= 1 << b.rank
	}
}

// laneHeap has the lane on top whose block ends first.
type laneHeap []*lane

func (h laneHeap) Len() int           { return len(h) }
func (h laneHeap) Less(i, j int) bool { return h[i].due < h[j].due }
func (h laneHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].timed, h[j].timed = i, j
}

func (h *laneHeap) Push(x any) {
	l := x.(*lane)
	l.timed = len(*h)
	*h = append(*h, l)
}

func (h *laneHeap) Pop() any {
	last := len(*h) - 1
	l := (*h)[last]
	l.timed = -1
	(*h)[last] = nil
	*h = (*h)[:last]
	return l
}

// reblock follows a change of l.paused or l.refused: blocks whose time has
// come are lifted, and the one timer of the Runner looks after the last of the
// others. The caller holds r.mu.
func (r *Runner) reblock(l *lane, now time.Duration) {
	if l.paused <= now {
		l.paused = 0
	}
	if l.refused <= now {
		l.refused = 0
	}
	l.due = l.paused
	if l.refused != never {
		l.due = max(l.due, l.refused)
	}
	switch {
	case l.due == 0 && l.timed >= 0:
		heap.Remove(&r.timed, l.timed)
	case l.due == 0:
	case l.timed >= 0:
		heap.Fix(&r.timed, l.timed)
	default:
		heap.Push(&r.timed, l)
	}
	r.refresh(l)
	r.arm(now)
}

// arm sets the timer for the lane that is due first, unless it is set for that
// time or an earlier one: then it goes off for nothing and is set anew. The
// caller holds r.mu.
func (r *Runner) arm(now time.Duration) {
	if len(r.timed) == 0 || r.over() {
		return
	}
	at := r.timed[0].due
	if r.alarm != 0 && r.alarm <= at {
		return
	}
	r.alarm = at
	if r.timer == nil {
		r.helpers++
		r.timer = time.AfterFunc(at-now, r.tick) // Close waits for it by helpers
	} else if !r.timer.Reset(at - now) {
		r.helpers++
	}
}

// tick is what the timer calls.
func (r *Runner) tick() {
	now := r.lock()
	r.helpers--
	r.alarm = 0
	for len(r.timed) > 0 && r.timed[0].due <= now {
		r.reblock(r.timed[0], now)
	}
	r.arm(now)
	r.unlock(now)
}
