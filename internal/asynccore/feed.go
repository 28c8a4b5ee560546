package asynccore

import "sync/atomic"

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
		if p, panicked := err.(*PanicError); panicked {
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
