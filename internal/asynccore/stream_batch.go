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
		var batch []T
		room := 0 // what the first batches needed: n may be far too much to allocate
		for v, err := range s {
			if err != nil {
				if len(batch) > 0 && !yield(batch, nil) || !yield(nil, err) {
					return
				}
				batch = nil
				continue
			}
			if batch == nil && room > 0 {
				batch = make([]T, 0, room)
			}
			if batch = append(batch, v); len(batch) == n {
				if !yield(batch, nil) {
					return
				}
				batch, room = nil, n
			}
		}
		if len(batch) > 0 {
			yield(batch, nil)
		}
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
// program, not in its input.
func mustBePositive(what string, n int) {
	if n < 1 {
		panic(fmt.Sprintf("asynccore: %s %d is less than 1", what, n))
	}
}
