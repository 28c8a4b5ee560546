package journal

import (
	"io/fs"
	"time"
)

// run is the writer: it takes what is pending, writes it, and syncs when the
// oldest write since the last sync has waited long enough, when somebody
// flushes, and at the end. Two batches are swapped back and forth, so that
// nothing is allocated once both have grown to their size.
func (j *Journal) run() {
	defer close(j.done)
	var (
		work  batch
		dirty bool                     // something is written and not synced
		due   bool                     // the timer has fired for it
		timer = time.NewTimer(j.every) // runs while dirty
	)
	timer.Stop()
	defer timer.Stop()
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
		if dirty && (due || flush || last) {
			if err := j.out.Sync(); err != nil {
				j.fail("sync", err)
				return
			}
			dirty, due = false, false
			timer.Stop()
			j.settle(upTo)
		}
		if last {
			return
		}
		select {
		case <-j.wake: // whatever came since the last token left one
		case <-timer.C:
			due = true
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
