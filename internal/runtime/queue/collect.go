package queue

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Stored returns how many records of the run there are.
func (q *Queue) Stored(ctx context.Context, run string) (n uint64, err error) {
	err = q.persist(ctx, "look at the results", func(ctx context.Context) error {
		info, err := q.results.Info(ctx, jetstream.WithSubjectFilter(resultSubject(run)))
		if err == nil {
			n = info.State.Subjects[resultSubject(run)]
		}
		return err
	})
	return n, err
}

// Result is a record, and where its body is.
type Result struct {
	Line []byte
	Body string // for Queue.Body; empty is none
}

// Results yields all records of the run from its first, those that are there and
// those to come, until ctx ends or the loop is left. A record may come more than
// once.
func (q *Queue) Results(ctx context.Context, run string) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		var last uint64 // sequence of the newest that was yielded
		for ctx.Err() == nil {
			messages, err := q.follow(ctx, run, last)
			if err != nil {
				if ctx.Err() == nil {
					yield(Result{}, err)
				}
				return
			}
			more := q.read(ctx, messages, &last, yield)
			messages.Stop()
			if !more {
				return
			}
		}
	}
}

// follow begins to read the results that come after last.
func (q *Queue) follow(ctx context.Context, run string, last uint64) (messages jetstream.MessagesContext, err error) {
	err = q.persist(ctx, "read the results", func(ctx context.Context) error {
		from := jetstream.OrderedConsumerConfig{FilterSubjects: []string{resultSubject(run)}}
		if last > 0 {
			from.DeliverPolicy, from.OptStartSeq = jetstream.DeliverByStartSequencePolicy, last+1
		}
		consumer, err := q.results.OrderedConsumer(ctx, from)
		if err == nil {
			messages, err = consumer.Messages()
		}
		return err
	})
	return messages, err
}

// read yields what messages gives until that breaks, and returns whether to
// begin anew.
func (q *Queue) read(ctx context.Context, messages jetstream.MessagesContext, last *uint64, yield func(Result, error) bool) (again bool) {
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		switch {
		case ctx.Err() != nil:
			return false
		case errors.Is(err, nats.ErrConnectionClosed):
			yield(Result{}, fmt.Errorf("queue: read the results: %w", q.reason(err)))
			return false
		case err != nil:
			return true
		}
		if !yield(Result{m.Data(), m.Headers().Get(bodyField)}, nil) {
			return false
		}
		if meta, err := m.Metadata(); err == nil {
			*last = meta.Sequence.Stream
		}
	}
}
