package asynccore

import (
	"context"
	"iter"
	"runtime"
	"sync"

	"golang.org/x/sync/semaphore"
)

// AsCompleted calls fn for the items of seq, at most limit at a time (32 if
// limit <= 0), and yields each item's index in seq and its result in the order
// in which they end. An entry keeps its place under limit until its result has
// been taken, so a slow loop holds back fn, and seq is read one item ahead of
// what may run. The iterator can be used again if seq can.
//
// Leaving the loop early, by break or panic, cancels the context of the calls
// that are still running and waits for them. When ctx ends they are cancelled
// too, but still yielded; the first item that could not start any more is
// yielded with context.Cause(ctx), and the rest of seq is left unread. So a
// loop that saw no error has seen all of seq.
//
// seq runs on a goroutine of its own so that results need not wait for a slow
// source. Leaving the loop waits for it too: a seq that can block must itself
// obey a context that the caller then cancels. A panic in fn is that entry's
// *PanicError, runtime.Goexit its ErrGoexit. In seq, which has no entry, either
// goes through the loop once everything has ended, a panic as a *PanicError.
func AsCompleted[I, O any](ctx context.Context, limit int, seq iter.Seq[I], fn func(context.Context, I) (O, error)) iter.Seq2[int, Result[O]] {
	if limit <= 0 {
		limit = gatherLimit
	}
	return func(yield func(int, Result[O]) bool) {
		ctx, cancel := context.WithCancel(ctx)
		ended := make(chan indexed[O])
		var seqErr error // to be read once ended is closed

		// Awaited by whoever sees ended closed: yieldAll does on every path.
		go func() {
			var calls sync.WaitGroup
			defer func() {
				calls.Wait()
				close(ended)
			}()
			guard(func() (struct{}, error) {
				startAll(ctx, limit, seq, fn, &calls, ended)
				return struct{}{}, nil
			}, func(_ struct{}, err error) { seqErr = err })
		}()

		yieldAll(ended, cancel, yield)
		if seqErr == ErrGoexit {
			runtime.Goexit() // as if seq had run on this goroutine: t.FailNow in it works
		}
		if seqErr != nil {
			panic(seqErr)
		}
	}
}

type indexed[T any] struct {
	index  int
	result Result[T]
}

// startAll starts a goroutine for each item of seq once a slot is free and
// adds it to calls. Each sends its result to ended before it frees the slot.
func startAll[I, O any](ctx context.Context, limit int, seq iter.Seq[I], fn func(context.Context, I) (O, error), calls *sync.WaitGroup, ended chan<- indexed[O]) {
	slots := semaphore.NewWeighted(int64(limit))
	next := 0
	for item := range seq {
		index := next
		next++
		if slots.Acquire(ctx, 1) != nil {
			ended <- indexed[O]{index, Result[O]{Err: context.Cause(ctx)}}
			return
		}
		calls.Go(func() {
			defer slots.Release(1)
			guard(
				func() (O, error) { return fn(ctx, item) },
				func(value O, err error) { ended <- indexed[O]{index, Result[O]{value, err}} },
			)
		})
	}
}

// yieldAll yields what comes from ended. When yield wants no more, or does not
// return, it cancels the rest and drops their results. It returns when ended
// is closed.
func yieldAll[T any](ended <-chan indexed[T], cancel context.CancelFunc, yield func(int, Result[T]) bool) {
	defer func() {
		cancel()
		for range ended {
		}
	}()
	for e := range ended {
		if !yield(e.index, e.result) {
			return
		}
	}
}
