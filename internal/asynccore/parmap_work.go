package asynccore

import (
	"cmp"
	"context"
)

// feed is the goroutine of the source, the parent of the workers.
func (r *parRun[T, U]) feed(s Stream[T]) {
	var (
		c      *parChunk[T, U] // being filled
		chunks int             // sent
		cut    error           // why the source was left before its end
	)
	send := func() {
		c.seq = chunks
		r.work <- c
		if chunks++; chunks <= r.N {
			r.workers.Go(func() { r.worker(nil) })
		}
	}
	guard(func() (struct{}, error) {
		// A chunk is at hand before an item is taken, never after.
		if c = r.acquire(); c == nil {
			cut = context.Cause(r.ctx)
			return struct{}{}, nil
		}
		for v, err := range s {
			c.items = append(c.items, parItem[T, U]{in: v, err: err})
			if len(c.items) < r.Chunk && r.ctx.Err() == nil {
				continue
			}
			send()
			if c = r.acquire(); c == nil {
				cut = context.Cause(r.ctx)
				break
			}
		}
		return struct{}{}, nil
	}, func(_ struct{}, err error) {
		if c != nil && len(c.items) > 0 {
			send()
		}
		close(r.work)
		r.workers.Wait()
		if p, panicked := err.(*PanicError); panicked {
			r.panicked.CompareAndSwap(nil, p)
		} else {
			r.end = cmp.Or(err, cut)
		}
		close(r.done)
	})
}

// acquire returns an empty chunk, or nil once the run is to end.
func (r *parRun[T, U]) acquire() *parChunk[T, U] {
	if r.ctx.Err() != nil {
		return nil
	}
	select {
	case c := <-r.free: // a select of one case costs half of that of two
		return c
	default:
	}
	select {
	case c := <-r.free:
		return c
	case <-r.ctx.Done():
		return nil
	}
}

// worker finishes c, if there is one, and then chunks from work until that is
// closed.
func (r *parRun[T, U]) worker(c *parChunk[T, U]) {
	if c != nil {
		r.finish(c)
	}
	for c := range r.work {
		r.finish(c)
	}
}

// finish calls fn for what is left of c and passes c on.
func (r *parRun[T, U]) finish(c *parChunk[T, U]) {
	guard(func() (struct{}, error) {
		for ; c.next < len(c.items); c.next++ {
			it := &c.items[c.next]
			switch {
			case it.err != nil:
			case r.ctx.Err() != nil:
				it.err = context.Cause(r.ctx)
			default:
				it.out, it.err = r.fn(r.ctx, it.in)
			}
		}
		return struct{}{}, nil
	}, func(_ struct{}, err error) {
		if err == ErrGoexit {
			// This goroutine is ending; another takes its place. The group
			// still counts this one, so feed cannot have stopped waiting.
			c.items[c.next].err = ErrGoexit
			c.next++
			r.workers.Go(func() { r.worker(c) })
			return
		}
		if p, panicked := err.(*PanicError); panicked {
			c.raise = p
			r.panicked.CompareAndSwap(nil, p)
		}
		r.done <- c
	})
}
