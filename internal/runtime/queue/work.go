package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// mostHeld is how many tasks of one partition a worker holds at most, waiting
// ones included.
const mostHeld = 256

// Most is how many tasks one worker holds at most.
func (q *Queue) Most() int { return q.partitions * mostHeld }

// Taker takes the tasks of one partition, one call at a time, while a worker has
// it. It must see to each Message what the Message asks for.
type Taker func(m *Message)

// Work takes tasks until ctx ends, and returns when all that were taken have
// ended. take is called for each partition that becomes this worker's, with a
// context that ends when it is to be given up: what has not begun is to be
// returned then, and what is in flight to end within five seconds, or at once if
// the cause is ErrLost. The error says why no more work could be done; nil is
// the end of ctx.
func (q *Queue) Work(ctx context.Context, take func(stop context.Context) Taker) error {
	w := &worker{q: q, id: rand.Text(), take: take, shares: make(map[int]*share), held: make(map[*Message]struct{})}
	defer w.leave(context.WithoutCancel(ctx))
	if err := q.persist(ctx, "join the workers", w.beat); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	beats := time.NewTicker(q.beat())
	defer beats.Stop()
	alive := time.NewTicker(q.ackWait() / 3)
	defer alive.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-alive.C:
			w.touchAll()
		case <-beats.C:
			if w.silent() {
				w.giveUpAll(ErrLost)
			}
			if err := q.reason(w.beat(ctx)); err != nil && final(err) {
				return fmt.Errorf("queue: %w", err)
			}
			if w.silent() {
				w.giveUpAll(ErrLost)
			}
		}
	}
}

// worker is one call of Work.
type worker struct {
	q    *Queue
	id   string
	take func(context.Context) Taker

	heard  atomic.Pointer[time.Time] // when the server last knew that we are alive
	shares map[int]*share            // of the goroutine of Work; by partition

	mu   sync.Mutex            // guards held
	held map[*Message]struct{} // to be kept from being delivered again
}

// silent reports whether we are about to count as dead, if we do not already: a
// process that was stopped for a while finds it out here.
func (w *worker) silent() bool {
	heard := w.heard.Load()
	since := max(time.Since(*heard), time.Now().Round(0).Sub(heard.Round(0))) // a suspended machine stops only one of the clocks
	return since > w.q.lease*8/10
}

// beat says that we are alive, looks who else is, and takes and gives up
// partitions accordingly.
func (w *worker) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, max(w.q.beat(), time.Second))
	defer cancel()
	now := time.Now()
	if _, err := w.q.workers.Put(ctx, w.id, nil); err != nil {
		if w.heard.Load() == nil {
			w.heard.Store(&time.Time{})
		}
		return err
	}
	w.heard.Store(&now)
	live, err := w.q.Workers(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(live, w.id) {
		live = append(live, w.id)
	}
	w.adopt(live)
	return nil
}

// Workers returns the names of the workers that are alive.
func (q *Queue) Workers(ctx context.Context) (live []string, err error) {
	keys, err := q.workers.ListKeys(ctx)
	if err != nil {
		return nil, err
	}
	for key := range keys.Keys() {
		live = append(live, key)
	}
	return live, ctx.Err() // where that is set, what came may not be all
}

// adopt makes the partitions ours that are, and gives up the others.
func (w *worker) adopt(live []string) {
	for p, owner := range owners(w.q.partitions, live) {
		s := w.shares[p]
		if s != nil && s.over() {
			delete(w.shares, p)
			s = nil
		}
		switch ours := owner == w.id; {
		case ours && s == nil:
			w.shares[p] = w.begin(p)
		case !ours && s != nil:
			s.giveUp(errors.New("another worker has this partition now"))
		}
	}
}

func (w *worker) giveUpAll(cause error) {
	for _, s := range w.shares {
		s.giveUp(cause)
	}
}

// touchAll tells the server of every task held that it is being worked on.
func (w *worker) touchAll() {
	if w.silent() {
		return
	}
	w.mu.Lock()
	all := make([]*Message, 0, len(w.held))
	for m := range w.held {
		all = append(all, m)
	}
	w.mu.Unlock()
	for _, m := range all {
		_ = m.msg.InProgress() // one that gets lost is made up for by the next: there are three within the time
	}
}

// leave gives everything back and says that we are gone, so that others need not
// wait to find it out.
func (w *worker) leave(ctx context.Context) {
	w.giveUpAll(errors.New("this worker ends"))
	for _, s := range w.shares {
		<-s.ended
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = w.q.workers.Purge(ctx, w.id) // else it expires
}

// consumer makes the consumer of a partition, if it is not there.
func (q *Queue) consumer(ctx context.Context, p int) (jetstream.Consumer, error) {
	return q.jobs.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: consumerName(p), FilterSubject: jobSubject(p, "*"),
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: q.ackWait(), MaxDeliver: -1, MaxAckPending: mostHeld,
		PriorityPolicy: jetstream.PriorityPolicyPinned, PriorityGroups: []string{pinGroup}, PinnedTTL: q.pin(),
	})
}

func consumerName(p int) string { return fmt.Sprintf("worker-%d", p) }

const pinGroup = "worker"
