package asynccore

// deliver yields what comes out, in order if that was asked for, until the
// end, a panic to raise, or a consumer who leaves.
func (r *parRun[T, U]) deliver(yield func(U, error) bool) {
	early := make([]*parChunk[T, U], cap(r.free)) // chunk seq waits at seq % len
	head := 0
	for c := range r.done {
		if !r.Ordered {
			if !r.empty(c, yield) {
				return
			}
			continue
		}
		early[c.seq%len(early)] = c
		for {
			at := head % len(early)
			if c = early[at]; c == nil {
				break
			}
			early[at] = nil
			head++
			if !r.empty(c, yield) {
				return
			}
		}
	}
	if r.end != nil {
		var zero U
		yield(zero, r.end)
	}
}

// empty yields what c holds and frees c.
func (r *parRun[T, U]) empty(c *parChunk[T, U], yield func(U, error) bool) bool {
	for i := range c.items[:c.next] {
		if it := &c.items[i]; !yield(it.out, it.err) {
			return false
		}
	}
	if c.raise != nil {
		panic(c.raise)
	}
	clear(c.items) // or the chunk would keep its values alive
	c.items, c.next = c.items[:0], 0
	r.free <- c
	return true
}
