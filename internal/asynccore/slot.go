package asynccore

import (
	"context"
	"time"
)

// Slot is the right to run that a job of a Runner holds while it works, and
// stands for the job itself: it is found by SlotFrom in the job's context. It is
// meant for the goroutine of the job; after the job has ended it is of no use,
// but harmless.
type Slot struct {
	// Set before the job is queued.
	scope *jobScope
	body  jobBody
	own   *ownContext // nil if only scope ends the context of the job
	rank  uint8       // of the class

	// Guarded by Runner.mu.
	state    slotState
	index    int32    // in band.resumed
	key      string   // the lane it is in, or was in last
	lane     *lane    // while queued, resuming or held
	wait     *jobWait // of a goroutine that is blocked for s
	links    [listKinds]slotLinks
	seq      uint64 // age: the place in the order of submission
	enqueued time.Duration
}

type slotState uint8

const (
	slotNew      slotState = iota
	slotBlocked            // waits for room in the queue
	slotQueued             // waits in its lane for its first start
	slotHeld               // runs
	slotParked             // has released its slot
	slotLent               // has done so to wait for other jobs of the Runner
	slotResuming           // waits in a lane to get a slot again
	slotDoomed             // never got a slot and is told so
	slotDone
)

type slotKey struct{}

// SlotFrom returns the slot of the job that ctx belongs to, nil if there is
// none.
func SlotFrom(ctx context.Context) *Slot {
	s, _ := ctx.Value(slotKey{}).(*Slot)
	return s
}

// WithSlot returns ctx with s as its slot, for work of the job under a context
// other than the job's own.
func WithSlot(ctx context.Context, s *Slot) context.Context {
	return context.WithValue(ctx, slotKey{}, s)
}

// Held reports whether the job holds its slot.
func (s *Slot) Held() bool {
	r := s.scope.r
	r.mu.Lock()
	defer r.mu.Unlock()
	return s.state == slotHeld
}

// Key returns the key of the lane that the slot is held in or was held in last:
// at first Job.Key.
func (s *Slot) Key() string {
	r := s.scope.r
	r.mu.Lock()
	defer r.mu.Unlock()
	return s.key
}

// Enqueued returns when the job was queued, which is after the time that its
// submission was blocked.
func (s *Slot) Enqueued() time.Time {
	r := s.scope.r
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.epoch.Add(s.enqueued)
}
