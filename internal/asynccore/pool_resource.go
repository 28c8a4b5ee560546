package asynccore

import (
	"context"
	"errors"
	"fmt"
)

// pooled is a resource as puddle keeps it. Whoever has acquired it owns it.
type pooled[T any] struct {
	value T
	used  bool // has been lent out before
}

// maxCloseErrors bounds what a pool whose Close keeps failing remembers.
const maxCloseErrors = 16

// idleOnly is the context of a TryAcquire that must not make a resource:
// puddle's would start one in the background and lose its error.
var (
	idleOnly = context.WithValue(context.Background(), poolKey{}, "idle only")
	errNone  = errors.New("no idle resource")
)

type poolKey struct{}

// open is puddle's constructor.
func (p *ResourcePool[T]) open(ctx context.Context) (*pooled[T], error) {
	if ctx == idleOnly {
		return nil, errNone
	}
	p.alive.Add(1)
	// The values of the caller's context for as long as the pool is open.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	defer context.AfterFunc(p.closing, func() { cancel(ErrClosed) })()
	v, err := apart(func() (T, error) { return p.cfg.New(ctx) })
	if err != nil {
		p.alive.Add(-1)
		return nil, err
	}
	return &pooled[T]{value: v}, nil
}

// destroy is puddle's destructor.
func (p *ResourcePool[T]) destroy(r *pooled[T]) {
	defer p.alive.Add(-1)
	if p.cfg.Close == nil {
		return
	}
	_, err := apart(func() (struct{}, error) { return struct{}{}, p.cfg.Close(r.value) })
	if err == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.errs) < maxCloseErrors {
		p.errs = append(p.errs, fmt.Errorf("close resource: %w", err))
	} else {
		p.dropped++
	}
}

// apart calls fn on a goroutine of its own, for which it waits, so that a
// runtime.Goexit in fn does not end one of puddle's: that would lose a slot.
func apart[T any](fn func() (T, error)) (value T, err error) {
	ended := make(chan struct{})
	go guard(fn, func(v T, e error) {
		value, err = v, e
		close(ended)
	})
	<-ended
	return value, err
}
