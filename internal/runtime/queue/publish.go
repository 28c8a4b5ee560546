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
	Bodies bool // the run collects bodies, so workers are to put them on the queue; to be set before the first Task

	q    *Queue
	run  string
	sent []sent // not known to be safe, the oldest first
}

// post is what is published: the message is made anew each time, since nats.go
// writes to it.
type post struct {
	subject, id  string
	field, value string // a header field; empty is none
	data         []byte
}

func (p post) message() *nats.Msg {
	m := &nats.Msg{Subject: p.subject, Data: p.data}
	if p.value != "" {
		m.Header = nats.Header{p.field: {p.value}}
	}
	return m
}

// sent is a message on its way.
type sent struct {
	post
	ack jetstream.PubAckFuture // nil where it could not be sent
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
	m := sent{post: post{subject: jobSubject(p.q.partition(lane), p.run), id: messageID(p.run, seq), data: data}}
	if p.Bodies {
		m.field, m.value = bodiesField, "yes"
	}
	var err error
	if m.ack, err = p.q.js.PublishMsgAsync(m.message(), jetstream.WithMsgID(m.id)); err != nil {
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
		if _, err := p.q.publish(ctx, "put a task on the queue", m.post); err != nil {
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
	_, err := q.record(ctx, run, seq, line, "")
	return err
}

// record publishes a record whose body is there as body; empty is none.
func (q *Queue) record(ctx context.Context, run string, seq int64, line []byte, body string) (second bool, err error) {
	return q.publish(ctx, "publish a record", post{resultSubject(run), messageID(run, seq), bodyField, body, line})
}

// publish returns when p is safe. second reports that the server had a message
// of that id already, and not from this call.
func (q *Queue) publish(ctx context.Context, what string, p post) (second bool, err error) {
	tries := 0
	err = q.persist(ctx, what, func(ctx context.Context) error {
		tries++
		ack, err := q.js.PublishMsg(ctx, p.message(), jetstream.WithMsgID(p.id))
		second = err == nil && ack.Duplicate && tries == 1
		return err
	})
	return second, err
}

// messageID tells a message from others of the same stream.
func messageID(run string, seq int64) string { return run + "-" + strconv.FormatInt(seq, 10) }

// partition is the one that a lane belongs to. All who share a queue must agree
// on it.
func (s shape) partition(lane string) int {
	sum := sha256.Sum256([]byte(lane))
	return int(binary.BigEndian.Uint64(sum[:]) % uint64(s.partitions))
}
