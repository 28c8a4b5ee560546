package ops

import (
	"sort"

	"github.com/specify-cli/specify/internal/task"
)

// inOrder puts the records of a run back into the order of the input. It has
// room for so many tasks: who does not get in waits until the first of them has
// ended, so a slow one holds back those far behind it, and memory is bounded.
//
// It is not safe for concurrent use.
type inOrder struct {
	ring        []expected // those from first on, in the order of their seq
	first, size int
}

// expected is a task that has been admitted.
type expected struct {
	seq int64
	rec *task.Record // nil until it has ended
}

func newInOrder(room int) *inOrder { return &inOrder{ring: make([]expected, room)} }

func (o *inOrder) full() bool { return o.size == len(o.ring) }

func (o *inOrder) at(i int) *expected { return &o.ring[(o.first+i)%len(o.ring)] }

// expect announces the record of a task, whose seq is higher than all before.
// There must be room.
func (o *inOrder) expect(seq int64) {
	*o.at(o.size) = expected{seq: seq}
	o.size++
}

// put takes a record that was announced.
func (o *inOrder) put(rec *task.Record) {
	i := sort.Search(o.size, func(i int) bool { return o.at(i).seq >= rec.Seq })
	o.at(i).rec = rec
}

// next returns the record whose turn it is, nil when that has yet to come.
func (o *inOrder) next() *task.Record {
	if o.size == 0 || o.at(0).rec == nil {
		return nil
	}
	rec := o.at(0).rec
	o.at(0).rec = nil
	o.first = (o.first + 1) % len(o.ring)
	o.size--
	return rec
}

// lineUp waits until there is room for the record of task seq, with --ordered.
// It does not look at the run's end, which would fill memory with the records
// of tasks that are unfinished: whatever is in flight ends soon after it.
func (r *batchRun) lineUp(seq int64) {
	if r.order == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.order.full() {
		r.room.Wait()
	}
	r.order.expect(seq)
}

// emit hands on rec, or with --ordered those records whose turn has come with
// it. r.mu is held.
func (r *batchRun) emit(rec *task.Record) {
	if r.order == nil {
		r.write(rec)
		return
	}
	r.order.put(rec)
	for rec := r.order.next(); rec != nil; rec = r.order.next() {
		r.write(rec)
	}
	r.room.Signal()
}
