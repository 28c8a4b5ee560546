package asynccore

import (
	"context"
)

// Yield releases the slot of the job that ctx belongs to. resume takes it again
// under the same key, as Slot.Acquire does. Where no slot is held both do
// nothing.
func Yield(ctx context.Context) (resume func(ctx context.Context) error) {
	if s := SlotFrom(ctx); s != nil {
		if key, ok := s.yield(slotParked); ok {
			return func(ctx context.Context) error { return s.Acquire(ctx, key) }
		}
	}
	return func(context.Context) error { return nil }
}

// lendSlot releases the slot of the job that ctx belongs to, if it is one of r,
// for as long as the job waits for other jobs of r: they might need it. resume
// takes it again under the context of the job, since ctx may end with the wait.
// r may be nil.
func lendSlot(ctx context.Context, r *Runner) (resume func() error) {
	if s := SlotFrom(ctx); s != nil && s.scope.r == r {
		if key, ok := s.yield(slotLent); ok {
			return func() error { return s.Acquire((*jobContext)(s), key) }
		}
	}
	return func() error { return nil }
}
