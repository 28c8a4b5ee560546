package asynccore

import (
	"context"
	"errors"
	"fmt"
)

// PoolBusyError says that Close stopped waiting. What is still out is closed
// when it comes back.
type PoolBusyError struct {
	Left int   // resources that are out, being made or being closed
	Err  error // the cause of the context's end
}

// Error names the number.
func (e *PoolBusyError) Error() string {
	return fmt.Sprintf("close pool: %d resources still in use: %v", e.Left, e.Err)
}

// Unwrap returns the cause of the context's end.
func (e *PoolBusyError) Unwrap() error { return e.Err }

// Close wakes all who wait in Acquire with ErrClosed, closes each resource,
// those on loan when they come back, and waits for the last. It returns the
// errors of the resources' Close, joined, or a *PoolBusyError when ctx ends
// first; it may then be called again to go on waiting.
func (p *ResourcePool[T]) Close(ctx context.Context) error {
	p.mu.Lock()
	if !p.ending {
		p.ending = true
		p.begin(ErrClosed)
		if p.reaper != nil {
			p.reaper.Stop()
		}
		// Ends with the last resource, which every Close waits for below.
		go func() {
			defer close(p.closed)
			p.pool.Close()
		}()
	}
	p.mu.Unlock()
	select {
	case <-p.closed:
	case <-ctx.Done():
		select {
		case <-p.closed: // both came together
		default:
			return &PoolBusyError{Left: int(p.alive.Load()), Err: context.Cause(ctx)}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	err := errors.Join(p.errs...)
	if p.dropped > 0 {
		err = fmt.Errorf("%w\nand %d more", err, p.dropped)
	}
	return err
}
