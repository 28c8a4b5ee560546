package asynccore

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// Semaphore lets a limited number of holders in at a time; those who wait are
// let in first come, first served. It is safe for concurrent use. NewSemaphore
// makes one; the zero value is not usable.
type Semaphore struct {
	slots *semaphore.Weighted
}

// NewSemaphore returns a semaphore for n holders. An n below 1 is taken as 1.
func NewSemaphore(n int) *Semaphore {
	return &Semaphore{slots: semaphore.NewWeighted(int64(max(n, 1)))}
}

// Acquire waits for a slot. The caller gives it back by calling release, from
// any goroutine; calling it again does nothing. When ctx is done, even if a
// slot is free, the error is context.Cause(ctx) and release is nil.
func (s *Semaphore) Acquire(ctx context.Context) (release func(), err error) {
	if s.slots.Acquire(ctx, 1) != nil {
		return nil, context.Cause(ctx)
	}
	return sync.OnceFunc(func() { s.slots.Release(1) }), nil
}

// Use calls fn while it holds a slot, which it gives back however fn ends; a
// panic goes on to the caller. If ctx ends before there is a slot, fn is not
// called and the error is context.Cause(ctx).
func (s *Semaphore) Use(ctx context.Context, fn func(context.Context) error) error {
	if s.slots.Acquire(ctx, 1) != nil {
		return context.Cause(ctx)
	}
	defer s.slots.Release(1)
	return fn(ctx)
}
