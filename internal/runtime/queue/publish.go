package queue

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// window is how many messages may wait for the server's acknowledgement. It
// bounds memory: nats.go's own bookkeeping of a million took 1.7 GB.
const window = 1024

// Publisher puts the tasks of one run on the queue. It is for one goroutine.
type Publisher struct {
	q    *Queue
	run  string
	sent []sent // not known to be safe, the oldest first
}

// sent is a message on its way.
type sent struct {
	subject, id string
	data        []byte
	ack         jetstream.PubAckFuture // nil where it could not be sent
}

// Publisher makes one for a run.
func (q *Queue) Publisher(run string) *Publisher { return &Publisher{q: q, run: run} }

// Task puts a task on the queue: seq is its place, lane what it must share a
// worker with. It keeps data. It waits while many are not acknowledged. A task
// that is longer than messages may be is ErrTooLarge and not sent.
func (p *Publisher) Task(ctx context.Context, seq int64, lane string, data []byte) error {
	if len(data) > p.q.MaxRecord() {
		return ErrTooLarge
	}
	if len(p.sent) == window {
		if err := p.settle(ctx, 1); err != nil {
			return err
		}
	}
	m := sent{subject: jobSubject(p.q.partition(lane), p.run), id: messageID(p.run, seq), data: data}
	var err error
	if m.ack, err = p.q.js.PublishMsgAsync(&nats.Msg{Subject: m.subject, Data: data}, jetstream.WithMsgID(m.id)); err != nil {
		m.ack = nil // settle sends it again
	}
	p.sent = append(p.sent, m)
	return nil
}

// Flush returns when all tasks are safe.
func (p *Publisher) Flush(ctx context.Context) error { return p.settle(ctx, len(p.sent)) }

// settle waits until the oldest n messages are safe. What the server does not
// acknowledge in time is sent again, under the same id, by which the server
// knows what it has already.
func (p *Publisher) settle(ctx context.Context, n int) error {
	for i := range n {
		m := &p.sent[i]
		if m.acked(ctx) {
			continue
		}
		if err := p.q.publish(ctx, "put a task on the queue", m.subject, m.id, m.data); err != nil {
			p.sent = p.sent[i:]
			return err
		}
	}
	p.sent = append(p.sent[:0], p.sent[n:]...)
	return nil
}

func (m *sent) acked(ctx context.Context) bool {
	if m.ack == nil {
		return false
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-m.ack.Ok():
		return true
	case <-m.ack.Err():
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// Record puts the record of a task among the results of its run, as its worker
// would. It returns when it is safe.
func (q *Queue) Record(ctx context.Context, run string, seq int64, line []byte) error {
	return q.publish(ctx, "publish a record", resultSubject(run), messageID(run, seq), line)
}

func (q *Queue) publish(ctx context.Context, what, subject, id string, data []byte) error {
	return q.persist(ctx, what, func(ctx context.Context) error {
		_, err := q.js.PublishMsg(ctx, &nats.Msg{Subject: subject, Data: data}, jetstream.WithMsgID(id))
		return err
	})
}

// messageID tells a message from others of the same stream.
func messageID(run string, seq int64) string { return run + "-" + strconv.FormatInt(seq, 10) }

// partition is the one that a lane belongs to. All who share a queue must agree
// on it.
func (s shape) partition(lane string) int {
	sum := sha256.Sum256([]byte(lane))
	return int(binary.BigEndian.Uint64(sum[:]) % uint64(s.partitions))
}
