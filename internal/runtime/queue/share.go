package queue

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// share is a partition while it is, or was until a moment ago, this worker's.
type share struct {
	w         *worker
	partition int
	stop      context.Context
	giveUp    context.CancelCauseFunc
	ended     chan struct{} // closed when nothing of it is left here
	consumer  jetstream.Consumer

	mu   sync.Mutex // guards the fields below
	pin  string     // id of our pin, once there was a message
	left int        // messages that have not ended
	none sync.Cond  // on mu: left may be 0
}

// begin makes the partition ours, as soon as whoever has its pin lets it go. The
// goroutine ends after giveUp, and closes ended; leave waits for that.
func (w *worker) begin(p int) *share {
	s := &share{w: w, partition: p, ended: make(chan struct{})}
	s.none.L = &s.mu
	s.stop, s.giveUp = context.WithCancelCause(context.Background())
	go func() {
		defer close(s.ended)
		s.run()
	}()
	return s
}

func (s *share) over() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// run takes tasks until the share is given up, waits until those taken have
// ended, and lets the pin go. It keeps pulling all that time, since a pin that
// does not pull is given to another worker; what comes then goes back.
func (s *share) run() {
	defer s.giveUp(nil)
	pull, err := s.pull(s.w.take(s.stop))
	if err != nil {
		return // given up, or tried again at the next beat
	}
	select {
	case <-s.stop.Done():
		s.wait()
	case <-pull.Closed(): // the consumer is gone, or the connection
		s.giveUp(errors.New("the queue delivers no more"))
		s.wait()
		return
	}
	if s.w.q.nc.IsConnected() {
		pull.Drain() // what is on its way goes back, too
	} else {
		pull.Stop()
	}
	select {
	case <-pull.Closed():
	case <-time.After(patience): // what is on its way is delivered again later
	}
	s.unpin()
}

// pull begins to take tasks, one call at a time. It is not done with the
// iterator of jetstream, Messages, because that has room for as many messages as
// it asks for: after a silence of the server, when it asks once more, it drops
// what comes in one burst, to be delivered again when ackWait is over.
func (s *share) pull(take Taker) (pull jetstream.ConsumeContext, err error) {
	handle := func(m jetstream.Msg) {
		if s.stop.Err() != nil {
			_ = m.NakWithDelay(time.Second) // else it is delivered again later
			return
		}
		s.mu.Lock()
		s.pin = m.Headers().Get("Nats-Pin-Id")
		s.mu.Unlock()
		take(s.message(m))
	}
	err = s.w.q.persist(s.stop, "take tasks", func(ctx context.Context) error {
		s.consumer, err = s.w.q.consumer(ctx, s.partition)
		if err == nil {
			pull, err = s.consumer.Consume(handle, jetstream.PullMaxMessages(32), jetstream.PullExpiry(max(grace/2, 2*time.Second)),
				jetstream.PullHeartbeat(time.Second), jetstream.PullPriorityGroup(pinGroup))
		}
		return err
	})
	return pull, err
}

// unpin lets the pin go, if it is ours still. Where that fails it expires.
func (s *share) unpin() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	s.mu.Lock()
	pin := s.pin
	s.mu.Unlock()
	info, err := s.consumer.Info(ctx)
	if err != nil {
		return
	}
	for _, g := range info.PriorityGroups {
		if pin != "" && g.PinnedClientID == pin {
			_ = s.w.q.jobs.UnpinConsumer(ctx, info.Name, pinGroup)
		}
	}
}

// wait returns when all messages have ended.
func (s *share) wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.left > 0 {
		s.none.Wait()
	}
}

func (s *share) message(msg jetstream.Msg) *Message {
	m := &Message{s: s, msg: msg}
	s.mu.Lock()
	s.left++
	s.mu.Unlock()
	s.w.mu.Lock()
	s.w.held[m] = struct{}{}
	s.w.mu.Unlock()
	return m
}

// forget ends a message.
func (s *share) forget(m *Message) {
	s.w.mu.Lock()
	delete(s.w.held, m)
	s.w.mu.Unlock()
	s.mu.Lock()
	s.left--
	s.mu.Unlock()
	s.none.Broadcast()
}
