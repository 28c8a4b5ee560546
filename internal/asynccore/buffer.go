package asynccore

import (
	"context"
	"sync/atomic"
	"time"
)

// Buffer lets the source run ahead, on a goroutine of its own, by at most n
// items that the consumer has not been given yet. It panics if n < 1.
//
// Leaving the loop stops the source and waits for the step that it is in; a
// source that can block for long needs a context of its own. A panic of the
// source reaches the consumer as a *PanicError, behind the items before it.
func (s Stream[T]) Buffer(n int) Stream[T] {
	mustBePositive("buffer size", n)
	return func(yield func(T, error) bool) {
		f := newFeed(n-1, s) // the source holds the n-th itself
		f.consume(func() {
			for it := range f.items {
				if !it.yield(yield) {
					return
				}
			}
		})
	}
}

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

// streamItem is an item on its way between two goroutines.
type streamItem[T any] struct {
	value T
	err   error
	raise *PanicError // the source has panicked; value and err are zero
}

// yield hands the item on, or panics in the source's stead.
func (it streamItem[T]) yield(yield func(T, error) bool) bool {
	if it.raise != nil {
		panic(it.raise)
	}
	return yield(it.value, it.err)
}

// feed runs streams on goroutines of their own for one consumer.
type feed[T any] struct {
	items   chan streamItem[T] // closed by the last stream to end
	stop    chan struct{}      // closed when the consumer takes no more
	running atomic.Int64       // streams that have not ended
}

// newFeed starts a goroutine a stream; consume waits for them.
func newFeed[T any](room int, streams ...Stream[T]) *feed[T] {
	f := &feed[T]{items: make(chan streamItem[T], room), stop: make(chan struct{})}
	f.running.Store(int64(len(streams)))
	if len(streams) == 0 {
		close(f.items)
	}
	for _, s := range streams {
		go f.run(s)
	}
	return f
}

func (f *feed[T]) run(s Stream[T]) {
	guard(func() (struct{}, error) {
		for v, err := range s {
			select {
			case f.items <- streamItem[T]{value: v, err: err}:
			case <-f.stop:
			}
			// Also behind a send: consume receives while it waits for the
			// end, and the source is not to begin another step for that.
			select {
			case <-f.stop:
				return struct{}{}, nil
			default:
			}
		}
		return struct{}{}, nil
	}, func(_ struct{}, err error) {
		// How a stream failed is not lost to stop: the consumer, or consume
		// after it, receives until items is closed.
		if p := innermostPanic(err); p != nil {
			f.items <- streamItem[T]{raise: p}
		} else if err != nil {
			f.items <- streamItem[T]{err: err}
		}
		if f.running.Add(-1) == 0 {
			close(f.items)
		}
	})
}

// consume calls body, which receives from items, and then stops the streams
// and waits for them. A panic of theirs that body has not come to is raised
// here, unless body panics itself.
func (f *feed[T]) consume(body func()) {
	returned := false
	defer func() {
		close(f.stop)
		var late *PanicError
		for it := range f.items {
			if late == nil {
				late = it.raise
			}
		}
		if returned && late != nil {
			panic(late)
		}
	}()
	body()
	returned = true
}

// innermostPanic returns the *PanicError that guard gave, or the one that it
// carries when a stream re-raised it: that one has the stack of the fault.
func innermostPanic(err error) *PanicError {
	p, _ := err.(*PanicError)
	for p != nil {
		inner, again := p.Value.(*PanicError)
		if !again {
			break
		}
		p = inner
	}
	return p
}
