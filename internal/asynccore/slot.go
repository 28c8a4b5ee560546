package asynccore

import (
	"context"
)

// Slot is the right to run that a job of a Runner holds while it works, and
// stands for the job itself: it is found by SlotFrom in the job's context. It is
// meant for the goroutine of the job; after the job has ended it is of no use,
// but harmless.
type Slot struct {
	scope *jobScope   // set before the job is queued, as is own
	own   *ownContext // nil if only scope ends the context of the job
	job   *jobEntry   // nil when the job has ended; guarded by Runner.mu
}

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
	return s.job != nil && s.job.state == slotHeld
}

// Key returns the key of the lane that the slot is held in or was held in last:
// at first Job.Key. It is empty when the job has ended.
func (s *Slot) Key() string {
	r := s.scope.r
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.job == nil {
		return ""
	}
	return s.job.key()
}
