package asynccore

import (
	"context"
	"errors"
	"sync"
)

// GatherOn runs fns as jobs of r, all as j says, each under a context derived
// from ctx, and returns their values in the order of fns. It returns when every
// job has ended, never before. A job of r may call it: it lends its slot
// meanwhile, and holds it again when GatherOn returns unless its context has
// ended.
//
// The first failure cancels the others, with its *IndexError as the cause;
// those that have not started do not run. That *IndexError is the error
// returned, or context.Cause(ctx) if ctx ended first; a later panic is joined to
// it. On failure the values still have the length of fns, with those of the
// functions that ended well. A panic in fn is its *PanicError, runtime.Goexit
// its ErrGoexit, a submission refused its ErrClosed.
func GatherOn[T any](ctx context.Context, r *Runner, j Job, fns ...func(context.Context) (T, error)) ([]T, error) {
	g := gathering{}
	outer := ctx
	g.ctx, g.cancel = context.WithCancelCause(ctx)
	defer g.cancel(nil)
	values := make([]T, len(fns))
	for i, fn := range fns {
		g.jobs.Add(1)
		settle := func(value T, err error) {
			if err == nil {
				values[i] = value
			}
			g.ended(i, err)
		}
		err := r.Go(g.ctx, j, func(ctx context.Context) {
			guard(func() (value T, err error) {
				if ctx.Err() != nil {
					return value, context.Cause(ctx)
				}
				return fn(ctx)
			}, settle)
		})
		if err != nil {
			g.ended(i, err)
		}
	}
	resume := lendSlot(outer, r)
	g.jobs.Wait()
	_ = resume() // fails only if the context of the job has ended, as it will see
	return values, g.err
}

// gathering collects the failures of a GatherOn.
type gathering struct {
	jobs   sync.WaitGroup
	ctx    context.Context // of all entries
	cancel context.CancelCauseFunc

	mu  sync.Mutex // guards err
	err error      // the first failure, joined with later panics
}

// ended says how entry i has ended.
func (g *gathering) ended(i int, err error) {
	defer g.jobs.Done()
	if err == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	failure := &IndexError{Index: i, Err: err}
	if g.err == nil {
		g.cancel(failure) // without effect if ctx had ended before
		g.err = context.Cause(g.ctx)
		if g.err == error(failure) {
			return
		}
	}
	if _, panicked := errors.AsType[*PanicError](err); panicked {
		g.err = errors.Join(g.err, failure)
	}
}
