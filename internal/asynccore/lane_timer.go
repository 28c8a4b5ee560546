package asynccore

import (
	"container/heap"
	"time"
)

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
