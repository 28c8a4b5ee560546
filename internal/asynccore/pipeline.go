package asynccore

import "context"

// Stage is a step of a pipeline: it turns a stream into another and runs
// nothing until that is iterated. Stages hold no state between runs, so a
// pipeline is built once and used many times, by many goroutines at once, if
// the functions in it may be.
//
// stage(ctx, in) gives the lazy stream; Run collects it.
type Stage[I, O any] func(ctx context.Context, in Stream[I]) Stream[O]

// Then feeds what a yields to b. It is associative.
func Then[A, B, C any](a Stage[A, B], b Stage[B, C]) Stage[A, C] {
	return func(ctx context.Context, in Stream[A]) Stream[C] {
		return b(ctx, a(ctx, in))
	}
}

// MapStage is Map with the pipeline's context.
func MapStage[I, O any](fn func(context.Context, I) (O, error)) Stage[I, O] {
	return func(ctx context.Context, in Stream[I]) Stream[O] {
		return Map(in, func(v I) (O, error) { return fn(ctx, v) })
	}
}

// FilterStage is Stream.Filter.
func FilterStage[T any](keep func(T) bool) Stage[T, T] {
	return func(_ context.Context, in Stream[T]) Stream[T] { return in.Filter(keep) }
}

// BatchStage is Batch. It panics at once if n < 1.
func BatchStage[T any](n int) Stage[T, []T] {
	mustBePositive("batch size", n)
	return func(_ context.Context, in Stream[T]) Stream[[]T] { return Batch(in, n) }
}

// WindowStage is Window. It panics at once if size or step is < 1.
func WindowStage[T any](size, step int) Stage[T, []T] {
	mustBePositive("window size", size)
	mustBePositive("window step", step)
	return func(_ context.Context, in Stream[T]) Stream[[]T] { return Window(in, size, step) }
}

// ParStage is ParMap with the pipeline's context.
func ParStage[I, O any](c ParConfig, fn func(context.Context, I) (O, error)) Stage[I, O] {
	return func(ctx context.Context, in Stream[I]) Stream[O] { return ParMap(ctx, in, c, fn) }
}

// Run sends in through stage and collects the result, as Stream.Collect does.
// Once ctx is done it takes no further item from in and returns the cause.
func Run[I, O any](ctx context.Context, stage Stage[I, O], in Stream[I]) ([]O, error) {
	return stage(ctx, in.until(ctx)).Collect()
}

// until passes s on while ctx lives; then the cause is the last item.
func (s Stream[T]) until(ctx context.Context) Stream[T] {
	return func(yield func(T, error) bool) {
		var zero T
		if ctx.Err() != nil {
			yield(zero, context.Cause(ctx))
			return
		}
		for v, err := range s {
			if !yield(v, err) {
				return
			}
			if ctx.Err() != nil {
				yield(zero, context.Cause(ctx))
				return
			}
		}
	}
}
