package asynccore

import "iter"

// Stream is a lazy sequence of items, each a value or an error. It is an
// iterator: range over it, or end it with a terminal such as Collect.
//
// Nothing runs before that. One item is in flight at a time, on the consumer's
// goroutine, in the source's order; leaving the loop stops the source; a panic
// reaches the consumer as it is. An error item passes every operation in its
// place, without its function being called, and the items after it still
// come: terminals stop at the first error, OnError decides otherwise.
//
// A Stream may be iterated again, and by several goroutines at once, if its
// source may. Operations that keep the item type are methods, the others are
// functions, since Go 1.26 has no generic methods. A nil Stream cannot be
// iterated.
type Stream[T any] iter.Seq2[T, error]

// Map yields fn of each item. An error that fn returns is an error item.
func Map[T, U any](s Stream[T], fn func(T) (U, error)) Stream[U] {
	return func(yield func(U, error) bool) {
		s(func(v T, err error) bool { // a tenth cheaper than a loop, whose checks the consumer's makes anyway
			var u U
			if err == nil {
				u, err = fn(v)
			}
			return yield(u, err)
		})
	}
}

// FlatMap yields the items of the stream that fn makes of each item, one
// stream after the other.
func FlatMap[T, U any](s Stream[T], fn func(T) Stream[U]) Stream[U] {
	return func(yield func(U, error) bool) {
		var zero U
		for v, err := range s {
			if err != nil {
				if !yield(zero, err) {
					return
				}
				continue
			}
			for u, err := range fn(v) {
				if !yield(u, err) {
					return
				}
			}
		}
	}
}

// Filter yields the items for which keep is true.
func (s Stream[T]) Filter(keep func(T) bool) Stream[T] {
	return func(yield func(T, error) bool) {
		s(func(v T, err error) bool { return err == nil && !keep(v) || yield(v, err) })
	}
}

// Take yields at most the first n items, error items included, and does not
// ask the source for one more. For n < 1 the source is not started.
func (s Stream[T]) Take(n int) Stream[T] {
	return func(yield func(T, error) bool) {
		if n < 1 {
			return
		}
		taken := 0
		for v, err := range s {
			taken++
			if !yield(v, err) || taken == n {
				return
			}
		}
	}
}

// OnError calls handle for each error item: nil drops the item, another error
// takes its place.
func (s Stream[T]) OnError(handle func(error) error) Stream[T] {
	return func(yield func(T, error) bool) {
		for v, err := range s {
			if err != nil {
				if err = handle(err); err == nil {
					continue
				}
			}
			if !yield(v, err) {
				return
			}
		}
	}
}
