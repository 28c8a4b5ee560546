package asynccore

import (
	"context"
	"iter"
	"sync"
)

// Queue is a bounded first-in, first-out queue between goroutines. What a Put
// has accepted is handed out exactly once, also after Close; goroutines that
// wait are served in the order in which they came. It is safe for concurrent
// use. NewQueue makes one; the zero value is not usable.
type Queue[T any] struct {
	items   chan T
	closing chan struct{} // closed first: refuses and wakes every Put

	// sending guards the closing of items. A Put holds it shared for as long
	// as it may send, so that Close, which takes it alone, neither closes
	// items under a sender nor lets an item in after readers saw the end.
	sending sync.RWMutex
	once    sync.Once
}

// NewQueue returns a queue for at most capacity items. A capacity below 1 is
// taken as 1.
func NewQueue[T any](capacity int) *Queue[T] {
	return &Queue[T]{
		items:   make(chan T, max(capacity, 1)),
		closing: make(chan struct{}),
	}
}

// Put adds v, waiting for room. It returns ErrClosed once the queue is closed,
// also if it was waiting then, and context.Cause(ctx) once ctx is done; in
// both cases v is not in the queue.
func (q *Queue[T]) Put(ctx context.Context, v T) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	q.sending.RLock()
	defer q.sending.RUnlock()
	// Where there is room this takes half the time of the select below.
	if err := q.offer(v); err != ErrQueueFull {
		return err
	}
	select {
	case q.items <- v:
		return nil
	case <-q.closing:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// TryPut adds v if there is room now; else it returns ErrQueueFull, or
// ErrClosed.
func (q *Queue[T]) TryPut(v T) error {
	q.sending.RLock()
	defer q.sending.RUnlock()
	return q.offer(v)
}

// offer is TryPut for a caller that holds sending.
func (q *Queue[T]) offer(v T) error {
	select {
	case <-q.closing:
		return ErrClosed
	default:
	}
	select {
	case q.items <- v:
		return nil
	default:
		return ErrQueueFull
	}
}

// Get takes the oldest item, waiting for one. It returns ErrClosed once the
// queue is closed and empty, and context.Cause(ctx) once ctx is done.
func (q *Queue[T]) Get(ctx context.Context) (T, error) {
	var none T
	if ctx.Err() != nil {
		return none, context.Cause(ctx)
	}
	if v, err := q.TryGet(); err != ErrQueueEmpty {
		return v, err
	}
	select {
	case v, ok := <-q.items:
		if !ok {
			return none, ErrClosed
		}
		return v, nil
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}

// TryGet takes the oldest item if there is one now; else it returns
// ErrQueueEmpty, or ErrClosed if there never will be one.
func (q *Queue[T]) TryGet() (T, error) {
	var none T
	select {
	case v, ok := <-q.items:
		if !ok {
			return none, ErrClosed
		}
		return v, nil
	default:
		return none, ErrQueueEmpty
	}
}

// All takes items until the queue is closed and empty. If ctx is done first,
// the last pair holds context.Cause(ctx). Several loops share the items.
func (q *Queue[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			v, err := q.Get(ctx)
			if err == ErrClosed {
				return
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// Close ends the queue for writers; readers still get what is left. It does
// not wait for them, and closing again does nothing.
func (q *Queue[T]) Close() {
	q.once.Do(func() {
		close(q.closing)
		q.sending.Lock()
		defer q.sending.Unlock()
		close(q.items)
	})
}

// Len returns how many items are waiting now, at most Cap.
func (q *Queue[T]) Len() int { return len(q.items) }

// Cap returns the capacity.
func (q *Queue[T]) Cap() int { return cap(q.items) }
