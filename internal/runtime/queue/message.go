package queue

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Message is a task that this worker has. Exactly one of Done, Return and Drop
// must be called for it.
type Message struct {
	s     *share
	msg   jetstream.Msg
	body  string // the delivery under which PutBody has put its body; empty is none
	begun int    // in earlier deliveries, as far as it was noted; with this one once Begin has noted it
}

// Data is the task. It is not to be changed.
func (m *Message) Data() []byte { return m.msg.Data() }

// run is what the subject says.
func (m *Message) run() string {
	subject := m.msg.Subject()
	return subject[strings.LastIndexByte(subject, '.')+1:]
}

// Begin is to be called right before the task is carried out. It returns how
// often that was begun before by workers that did not come back, and ErrLost
// when the task is not this worker's any more.
//
// Deliveries alone would not tell: a task that only waited in a worker that
// ended has done no harm. So those that are delivered again are noted when they
// begin; that one in whose first delivery was begun cannot be known, and counts.
func (m *Message) Begin(ctx context.Context) (before int, err error) {
	w := m.s.w
	if w.silent() || errors.Is(context.Cause(m.s.stop), ErrLost) {
		return 0, ErrLost
	}
	meta, err := m.msg.Metadata()
	if err != nil || meta.NumDelivered < 2 {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	entry, err := w.q.begun.Get(ctx, m.key())
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
	case err != nil:
		return 0, err
	default:
		m.begun, _ = strconv.Atoi(string(entry.Value())) // what is not a number counts as none
	}
	before = m.begun + 1
	m.begun++
	_, err = w.q.begun.Put(ctx, m.key(), []byte(strconv.Itoa(m.begun)))
	return before, err
}

func (m *Message) key() string {
	meta, err := m.msg.Metadata()
	if err != nil {
		return "none"
	}
	return m.run() + "." + strconv.FormatUint(meta.Sequence.Stream, 10)
}

// Done publishes the record of the task with that place, and then removes the
// task from the queue. It waits until both are safe. An error is the cause of
// the end of ctx, or ErrLost's like; the task is then delivered again.
func (m *Message) Done(ctx context.Context, seq int64, line []byte) error {
	defer m.s.forget(m)
	q := m.s.w.q
	second, err := q.record(ctx, m.run(), seq, line, m.body)
	if err != nil {
		_ = m.msg.Nak() // else it is delivered again later
		return err
	}
	if second && m.body != "" { // nobody will ask for it
		q.purgeBody(ctx, bodySubject(m.run(), seq)+"."+m.body)
	}
	if m.begun > 0 {
		limited, cancel := context.WithTimeout(ctx, patience)
		_ = q.begun.Purge(limited, m.key()) // else it expires
		cancel()
	}
	// The record is safe: a task that comes again all the same is carried out
	// twice, and its second record is dropped.
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_ = m.msg.DoubleAck(limited)
	return nil
}

// Return gives the task back as if it had never been begun.
func (m *Message) Return() {
	defer m.s.forget(m)
	if m.begun > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, _ = m.s.w.q.begun.Put(ctx, m.key(), []byte(strconv.Itoa(m.begun-1))) // else it counts once too often
	}
	if !errors.Is(context.Cause(m.s.stop), ErrLost) {
		_ = m.msg.Nak() // else it is delivered again later
	}
}

// Drop removes what is no task.
func (m *Message) Drop(reason string) {
	defer m.s.forget(m)
	_ = m.msg.TermWithReason(reason) // else it comes again
}
