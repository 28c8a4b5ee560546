package asynccore

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
