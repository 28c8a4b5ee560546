package asynccore

import (
	"context"
	"iter"
)

// FromSlice yields the elements of items, which it does not copy.
func FromSlice[T any](items []T) Stream[T] {
	return func(yield func(T, error) bool) {
		for _, v := range items {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// FromSeq yields the values of seq.
func FromSeq[T any](seq iter.Seq[T]) Stream[T] {
	return func(yield func(T, error) bool) {
		for v := range seq {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// FromSeq2 takes seq as it is; a pair with a non-nil error is an error item.
func FromSeq2[T any](seq iter.Seq2[T, error]) Stream[T] { return Stream[T](seq) }

// FromChan yields what is received from ch until ch is closed. Once ctx is
// done it receives no more, yields the cause as an error item, and ends.
func FromChan[T any](ctx context.Context, ch <-chan T) Stream[T] {
	return func(yield func(T, error) bool) {
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case v, open := <-ch:
				if !open || !yield(v, nil) {
					return
				}
			}
		}
		var zero T
		yield(zero, context.Cause(ctx))
	}
}
