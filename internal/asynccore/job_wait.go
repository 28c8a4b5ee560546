package asynccore

// A jobWait is where a goroutine waits for a place in the queue or for a slot.
type jobWait struct {
	done chan struct{} // holds one token when the answer is there
	err  error
}

// wait makes the jobWait of e. The caller holds r.mu.
func (r *Runner) wait(e *jobEntry) *jobWait {
	var w *jobWait
	if n := len(r.waits); n > 0 {
		w, r.waits = r.waits[n-1], r.waits[:n-1]
	} else {
		w = &jobWait{done: make(chan struct{}, 1)}
	}
	e.more().wait = w
	return w
}

// answer ends the wait of e, if there is one. The caller holds r.mu.
func (r *Runner) answer(e *jobEntry, err error) {
	if x := e.extra; x != nil && x.wait != nil {
		w := x.wait
		x.wait = nil
		w.err = err
		w.done <- struct{}{} // never blocks: one answer a wait
	}
}

// collect returns the answer to w, which has been given, and keeps w for the
// next wait. The caller holds r.mu.
func (r *Runner) collect(w *jobWait) error {
	select {
	case <-w.done: // unless the waiting goroutine has received it
	default:
	}
	err := w.err
	w.err = nil
	if len(r.waits) < slabSlots {
		r.waits = append(r.waits, w)
	}
	return err
}
