package asynccore

// The terminals run a stream on the caller's goroutine. All of them stop it at
// its first error item and return that error as it is.

// Collect returns the values before the end or the first error; nil if there
// are none. It holds them all in memory.
func (s Stream[T]) Collect() ([]T, error) {
	var all []T
	for v, err := range s {
		if err != nil {
			return all, err
		}
		all = append(all, v)
	}
	return all, nil
}

// Count returns the number of values before the end or the first error.
func (s Stream[T]) Count() (int, error) {
	n := 0
	for _, err := range s {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// ForEach calls fn for each value and stops also at fn's first error.
func (s Stream[T]) ForEach(fn func(T) error) error {
	for v, err := range s {
		if err != nil {
			return err
		}
		if err := fn(v); err != nil {
			return err
		}
	}
	return nil
}

// First returns the first value and stops the source; ok is false if the
// stream has ended, or failed, before one.
func (s Stream[T]) First() (v T, ok bool, err error) {
	for v, err := range s {
		return v, err == nil, err
	}
	return v, false, nil
}

// Reduce returns fn(...fn(fn(init, first), second)..., last), with what it had
// up to an error.
func Reduce[T, A any](s Stream[T], init A, fn func(A, T) A) (A, error) {
	acc := init
	for v, err := range s {
		if err != nil {
			return acc, err
		}
		acc = fn(acc, v)
	}
	return acc, nil
}
