package asynccore

import (
	"context"
	"reflect"
)

// A jobScope is the context that jobs share because they were submitted with
// the same one. Ending them is one event then, and submitting them involves no
// context at all.
type jobScope struct {
	r      *Runner         // set once
	ctx    context.Context // set once; ends with parent and when the Runner is stopped
	cancel context.CancelCauseFunc
	parent context.Context // as submitted; the key in Runner.scopes

	// Guarded by Runner.mu.
	unhook func() bool // keeps the end of ctx from calling scopeEnded
	jobs   int         // not ended yet
	queued jobList     // those that wait for their first start, oldest first
}

// opaqueContext makes a context comparable whose type may not be.
type opaqueContext struct{ context.Context }

// join returns the scope of ctx, counting one more job in it. The caller holds
// r.mu.
func (r *Runner) join(ctx context.Context) *jobScope {
	if sc := r.last; sc != nil && sc.parent == ctx { // parent is comparable, so == is safe
		sc.jobs++
		return sc
	}
	if reflect.TypeOf(ctx).Kind() != reflect.Pointer && ctx != context.Background() {
		ctx = &opaqueContext{ctx}
	}
	sc := r.scopes[ctx]
	if sc == nil {
		sc = &jobScope{r: r, parent: ctx, queued: jobList{kind: listOfScope}}
		sc.ctx, sc.cancel = context.WithCancelCause(ctx)
		r.helpers++
		sc.unhook = context.AfterFunc(sc.ctx, func() { r.scopeEnded(sc) }) // Close waits for it by helpers
		r.scopes[ctx] = sc
	}
	sc.jobs++
	// One scope is kept without jobs, or a caller that waits for each of its
	// jobs before the next would make one a job.
	old := r.last
	r.last = sc
	if old != nil && old.jobs == 0 {
		r.drop(old)
	}
	return sc
}

// quit takes a job out of sc. The caller holds r.mu.
func (r *Runner) quit(sc *jobScope) {
	sc.jobs--
	if sc.jobs == 0 && sc != r.last {
		r.drop(sc)
	}
}

// drop detaches sc, which has no jobs, from its parent. The caller holds r.mu.
func (r *Runner) drop(sc *jobScope) {
	if r.scopes[sc.parent] == sc {
		delete(r.scopes, sc.parent)
	}
	if sc.unhook() {
		r.helpers--
	}
	sc.cancel(nil)
}

// scopeEnded is called once when the context of sc has ended: its queued jobs
// need not wait for a slot to learn of it.
func (r *Runner) scopeEnded(sc *jobScope) {
	now := r.lock()
	r.helpers--
	if r.scopes[sc.parent] == sc {
		delete(r.scopes, sc.parent)
	}
	if r.last == sc {
		r.last = nil
	}
	for sc.queued.first != nil {
		r.doom(sc.queued.first)
	}
	r.unlock(now)
}
