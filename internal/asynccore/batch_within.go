package asynccore

import (
	"context"
	"time"
)

// BatchWithin is Batch for a source that may be slow: a batch comes when it
// has n items or when d has passed since the first of them was taken in,
// whichever is sooner. The source runs on a goroutine of its own, one item
// ahead. Leaving the loop is as with Buffer.
//
// Once ctx is done the batch begun is yielded, then the cause, and the stream
// ends. BatchWithin panics if n < 1.
func BatchWithin[T any](ctx context.Context, s Stream[T], n int, d time.Duration) Stream[[]T] {
	mustBePositive("batch size", n)
	return func(yield func([]T, error) bool) {
		f := newFeed(0, s)
		f.consume(func() { f.batch(ctx, n, d, yield) })
	}
}

func (f *feed[T]) batch(ctx context.Context, n int, d time.Duration, yield func([]T, error) bool) {
	var batch []T
	var due <-chan time.Time // nil while batch is empty
	timer := time.NewTimer(d)
	defer timer.Stop()
	flush := func() bool {
		full := batch
		batch, due = nil, nil
		return len(full) == 0 || yield(full, nil)
	}
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-due:
			if !flush() {
				return
			}
		case it, open := <-f.items:
			if !open {
				flush()
				return
			}
			if it.err != nil || it.raise != nil {
				pass := func(_ T, err error) bool { return yield(nil, err) }
				if !flush() || !it.yield(pass) {
					return
				}
				continue
			}
			if len(batch) == 0 {
				timer.Reset(d)
				due = timer.C
			}
			if batch = append(batch, it.value); len(batch) == n && !flush() {
				return
			}
		}
	}
	if flush() {
		yield(nil, context.Cause(ctx))
	}
}
