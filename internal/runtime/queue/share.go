package queue

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
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
	pin       string // of the goroutine of run: id of our pin, once there was a message

	mu   sync.Mutex // guards left
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
	messages, err := s.open()
	if err != nil {
		return // given up, or tried again at the next beat
	}
	take := s.w.take(s.stop)
	drained := make(chan struct{})
	go func() { // ends soon after stop, or with the messages below
		defer close(drained)
		<-s.stop.Done()
		s.wait()
		messages.Stop()
	}()
	for {
		m, err := messages.Next()
		switch {
		case err == nil && s.stop.Err() == nil:
			s.pin = m.Headers().Get("Nats-Pin-Id")
			take(s.message(m))
		case err == nil:
			_ = m.NakWithDelay(time.Second) // else it is delivered again later
		case errors.Is(err, jetstream.ErrNoHeartbeat), errors.Is(err, nats.ErrTimeout):
		default: // stopped, or the consumer is gone
			s.giveUp(err)
			<-drained
			s.unpin()
			return
		}
	}
}

func (s *share) open() (messages jetstream.MessagesContext, err error) {
	err = s.w.q.persist(s.stop, "take tasks", func(ctx context.Context) error {
		s.consumer, err = s.w.q.consumer(ctx, s.partition)
		if err == nil {
			messages, err = s.consumer.Messages(jetstream.PullMaxMessages(32), jetstream.PullExpiry(max(grace/2, 2*time.Second)),
				jetstream.PullHeartbeat(time.Second), jetstream.PullPriorityGroup(pinGroup))
		}
		return err
	})
	return messages, err
}

// unpin lets the pin go, if it is ours still. Where that fails it expires.
func (s *share) unpin() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	info, err := s.consumer.Info(ctx)
	if err != nil {
		return
	}
	for _, g := range info.PriorityGroups {
		if s.pin != "" && g.PinnedClientID == s.pin {
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
