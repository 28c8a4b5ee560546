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
// freed, unless it is the Runner's latest. All fields are guarded by Runner.mu.
type lane struct {
	key     string
	limit   int           // slots that its jobs may hold at once; 0 = any number
	running int           // slots that its jobs hold
	waiting int           // jobs in bands
	paused  time.Duration // the Runner's time at which a Pause ends; 0 = not paused
	refused time.Duration // likewise for a refusal by Admission; never = until a Release or Wake
	due     time.Duration // when the timer looks after the lane; its order in Runner.timed
	timed   int           // its place in Runner.timed, -1 when it is not there
	newest  bool          // Admission wants the newest job next
	ready   bool          // the bands that hold jobs are in the rings
	bands   [classes]band // by rank
}

// eligible reports whether l holds jobs that may have a slot.
func (l *lane) eligible() bool {
	return l.waiting > 0 && l.paused == 0 && l.refused == 0 && (l.limit == 0 || l.running < l.limit)
}

// idle reports whether nothing is left of l.
func (l *lane) idle() bool { return l.waiting == 0 && l.running == 0 && l.timed < 0 }

// A band holds the jobs of a lane that are of one class: those that come back
// for a slot, by age, and those that have yet to start, first in first out.
type band struct {
	lane       *lane
	rank       uint8
	next, prev *band // neighbours in the ring of the class; nil outside of it
	resumed    jobHeap
	fresh      jobList
}

// head returns the oldest job of b, which must hold one.
func (b *band) head() *jobEntry {
	if len(b.resumed) == 0 {
		return b.fresh.first
	}
	e := b.resumed[0]
	if f := b.fresh.first; f != nil && f.seq < e.seq {
		return f
	}
	return e
}

// pick returns the job of b that goes next, which must hold one.
func (b *band) pick() *jobEntry {
	if b.lane.newest && b.fresh.last != nil {
		return b.fresh.last
	}
	return b.head()
}

func (b *band) empty() bool { return b.fresh.first == nil && len(b.resumed) == 0 }

func (b *band) add(e *jobEntry) {
	if e.state == slotResuming {
		heap.Push(&b.resumed, e)
	} else {
		b.fresh.push(e)
	}
}

func (b *band) remove(e *jobEntry) {
	if e.state == slotResuming {
		heap.Remove(&b.resumed, int(e.index))
	} else {
		b.fresh.remove(e)
	}
}
