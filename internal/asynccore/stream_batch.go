package asynccore

import (
	"fmt"
	"slices"
)

// Batch yields slices of n items; the last is shorter if the items run out. An
// error item is preceded by what was gathered before it, so order is kept.
// Each slice belongs to the consumer. Batch panics if n < 1.
func Batch[T any](s Stream[T], n int) Stream[[]T] {
	mustBePositive("batch size", n)
	return func(yield func([]T, error) bool) {
		b := batching[T]{size: n, yield: yield}
		s(func(v T, err error) bool { return b.add(v, err) })
		b.end()
	}
}

// batching is one iteration of Batch.
type batching[T any] struct {
	size  int
	yield func([]T, error) bool
	batch []T // nil once the consumer wants no more
	room  int // what the first batches needed: size may be far too much to allocate
}

// add takes the next item and returns whether the consumer wants another.
func (b *batching[T]) add(v T, err error) bool {
	if err != nil {
		more := (len(b.batch) == 0 || b.yield(b.batch, nil)) && b.yield(nil, err)
		b.batch = nil
		return more
	}
	if b.batch == nil && b.room > 0 {
		b.batch = make([]T, 0, b.room)
	}
	if b.batch = append(b.batch, v); len(b.batch) < b.size {
		return true
	}
	full := b.batch
	b.batch, b.room = nil, b.size
	return b.yield(full, nil)
}

// end yields what is left.
func (b *batching[T]) end() {
	if len(b.batch) > 0 {
		b.yield(b.batch, nil)
	}
}

// Window yields the windows of size consecutive values that begin at the
// values 0, step, 2*step and so on; for n values these are
// (n-size)/step + 1 windows, or none if n < size. An error item passes at once
// and is no part of a window. Each slice belongs to the consumer. Window
// panics if size or step is < 1.
func Window[T any](s Stream[T], size, step int) Stream[[]T] {
	mustBePositive("window size", size)
	mustBePositive("window step", step)
	return func(yield func([]T, error) bool) {
		var held []T // the values of the windows to come, size-1 at most between items
		skip := 0    // values between this window and the next, if step > size
		for v, err := range s {
			switch {
			case err != nil:
				if !yield(nil, err) {
					return
				}
			case skip > 0:
				skip--
			default:
				if held = append(held, v); len(held) < size {
					continue
				}
				if !yield(slices.Clone(held), nil) {
					return
				}
				held = slices.Delete(held, 0, min(step, size))
				skip = max(0, step-size)
			}
		}
	}
}

// mustBePositive panics as slices.Chunk does: a size of 0 is a mistake in the
// program, not in its input. It is not inlined so that Batch is: then a chain
// that is ranged over in place becomes one loop, and an item takes a third of
// the time.
//
//go:noinline
func mustBePositive(what string, n int) {
	if n < 1 {
		panic(fmt.Sprintf("asynccore: %s %d is less than 1", what, n))
	}
}
