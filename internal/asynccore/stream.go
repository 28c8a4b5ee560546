package asynccore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
)

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

// TooLongError reports input beyond the limit that the caller has set.
type TooLongError struct {
	What string // what was read, for example "line 12"
	Max  int64  // bytes that were allowed
}

// Error names the input and the limit.
func (e *TooLongError) Error() string { return fmt.Sprintf("%s is over %d bytes", e.What, e.Max) }

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

// Lines yields the lines of r without their "\n" or "\r\n", each as soon as it
// has been read. It holds one line and one buffer of 4 KiB, whatever the
// input. A line of more than limit bytes is a *TooLongError item in its place,
// and what is over the limit is skipped; so the n-th item is always line n. A
// failed read is the last item; the part of a line before it is not yielded.
//
// A second iteration goes on behind the last line that was yielded.
func Lines(r io.Reader, limit int) Stream[string] {
	br := bufio.NewReader(r)
	n := 0
	return func(yield func(string, error) bool) {
		var line []byte
		for {
			var over bool
			var err error
			line, over, err = readLine(br, line[:0], limit)
			if err == io.EOF && len(line) == 0 && !over {
				return
			}
			n++
			if err != nil && err != io.EOF {
				yield("", fmt.Errorf("read line %d: %w", n, err))
				return
			}
			text, err := dropEnd(line), error(nil)
			if over || len(text) > limit {
				text, err = nil, &TooLongError{What: fmt.Sprintf("line %d", n), Max: int64(limit)}
			}
			if !yield(string(text), err) {
				return
			}
		}
	}
}

// readLine appends the next line with its end to line. When even an end of two
// bytes cannot bring it within limit, it is over: the rest is read, not kept.
func readLine(br *bufio.Reader, line []byte, limit int) (_ []byte, over bool, err error) {
	for {
		part, err := br.ReadSlice('\n')
		over = over || len(line)+len(part)-len("\r\n") > limit
		if !over {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, over, err
		}
	}
}

// dropEnd removes one "\n", and then one "\r", from the end.
func dropEnd(line []byte) []byte {
	if k := len(line) - 1; k >= 0 && line[k] == '\n' {
		line = line[:k]
	}
	if k := len(line) - 1; k >= 0 && line[k] == '\r' {
		line = line[:k]
	}
	return line
}

// Map yields fn of each item. An error that fn returns is an error item.
func Map[T, U any](s Stream[T], fn func(T) (U, error)) Stream[U] {
	return func(yield func(U, error) bool) {
		for v, err := range s {
			var u U
			if err == nil {
				u, err = fn(v)
			}
			if !yield(u, err) {
				return
			}
		}
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
		for v, err := range s {
			if (err != nil || keep(v)) && !yield(v, err) {
				return
			}
		}
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
