package journal

import (
	"io/fs"
	"runtime"
	"time"
)

// run is the writer: it takes what is pending and writes it. A sync begins when
// the oldest write since the last one has waited long enough, when somebody
// flushes, and at the end. It goes beside the writing: it takes a second on a
// busy disk, and what is written survives a kill, while what waits for the
// writer does not. Two batches are swapped back and forth, so that nothing is
// allocated once both have grown to their size.
func (j *Journal) run() {
	defer close(j.done)
	var (
		work    batch
		dirty   bool                     // something is written that no sync covers
		due     bool                     // it has waited for long enough
		timer   = time.NewTimer(j.every) // runs while dirty
		syncing chan error               // the outcome of the sync under way; nil without one
		covered int64                    // records that it makes safe
	)
	timer.Stop()
	defer timer.Stop()
	defer func() {
		if syncing != nil {
			<-syncing
		}
	}()
	for {
		upTo, flush, last := j.take(&work)
		if !work.empty() && !dirty {
			dirty = true
			timer.Reset(j.every)
		}
		if err := work.writeTo(j.out); err != nil {
			j.fail("write", err)
			return
		}
		select { // under load there is always a token too, and select picks any
		case <-timer.C:
			due = true
		default:
		}
		if dirty && (due || flush || last) && syncing == nil {
			dirty, due = false, false
			timer.Stop()
			syncing, covered = make(chan error, 1), upTo
			go func(done chan<- error) { done <- j.out.Sync() }(syncing) // run waits for it
		}
		if last && syncing == nil {
			return
		}
		select {
		case <-j.wake: // whatever came since the last token left one
			// Whoever has a record ready appends it first: to be woken for each of
			// them took 7 % of the time of a small answer, on one processor.
			runtime.Gosched()
		case <-timer.C:
			due = true
		case err := <-syncing:
			syncing = nil
			if err != nil {
				j.fail("sync", err)
				return
			}
			j.settle(covered)
		}
	}
}

// take swaps the pending records into work. upTo is the number of records
// accepted so far; last says that there will be no more.
func (j *Journal) take(work *batch) (upTo int64, flush, last bool) {
	work.reset()
	j.mu.Lock()
	defer j.mu.Unlock()
	*work, j.pending = j.pending, *work
	flush, j.flush = j.flush, false
	if !work.empty() {
		j.changed.Broadcast()
	}
	return j.appended, flush, j.closing
}

// settle tells Flush that the first upTo records are safe.
func (j *Journal) settle(upTo int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.synced = upTo
	j.changed.Broadcast()
}

// fail makes err the answer to everything from now on.
func (j *Journal) fail(op string, err error) {
	if path, ok := err.(*fs.PathError); ok {
		err = path.Err // WriteError names the file itself
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err = &WriteError{Path: j.name, Op: op, Err: err}
	j.pending = batch{}
	j.changed.Broadcast()
	close(j.failed)
}
