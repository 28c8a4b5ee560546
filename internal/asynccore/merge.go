package asynccore

import "context"

// Merge yields the items of all streams as they come; the items of one stream
// stay in order. Each stream runs on a goroutine of its own, one item ahead.
// Leaving the loop is as with Buffer.
//
// Once ctx is done the cause is the last item; an item that a stream had ahead
// is dropped.
func Merge[T any](ctx context.Context, streams ...Stream[T]) Stream[T] {
	return func(yield func(T, error) bool) {
		f := newFeed(0, streams...)
		f.consume(func() {
			for ctx.Err() == nil {
				select {
				case <-ctx.Done():
				case it, open := <-f.items:
					if !open || !it.yield(yield) {
						return
					}
				}
			}
			var zero T
			yield(zero, context.Cause(ctx))
		})
	}
}
