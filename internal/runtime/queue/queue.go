package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Options say which server to use, and how.
type Options struct {
	URL    string                   // nats://[USER:PASSWORD@|TOKEN@]HOST[:PORT], tls://...; several with commas
	Getenv func(name string) string // for NATS_CREDS and the like
	Warn   func(format string, args ...any)

	// Partitions and Lease shape streams that are not there yet; zero values are
	// the defaults. Lease is how long a worker that is not heard of counts as
	// alive.
	Partitions int
	Lease      time.Duration
}

// Queue is a connection to the server. Its methods are safe for concurrent use.
type Queue struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	jobs    jetstream.Stream
	results jetstream.Stream
	runs    jetstream.KeyValue
	workers jetstream.KeyValue
	begun   jetstream.KeyValue // of tasks delivered again: how often they were begun
	shape
	warn func(format string, args ...any)
}

// Open connects to the server and makes the streams that are not there. It
// returns a *ConfigError for what another call would not mend: a bad address,
// refused credentials, a server without JetStream, streams of a newer version.
func Open(ctx context.Context, o Options) (*Queue, error) {
	q := &Queue{warn: o.Warn}
	var err error
	if q.nc, err = dial(o); err != nil {
		return nil, err
	}
	if q.js, err = jetstream.New(q.nc, jetstream.WithPublishAsyncMaxPending(4*window), jetstream.WithPublishAsyncTimeout(patience)); err == nil {
		err = q.setUp(ctx, o)
	}
	if errors.Is(err, nats.ErrNoResponders) { // nobody listens where JetStream would
		err = jetstream.ErrJetStreamNotEnabled
	}
	if err != nil {
		q.nc.Close()
		return nil, configError(fmt.Errorf("queue: %w", err))
	}
	return q, nil
}

// Close ends the connection. What is to be kept was acknowledged before.
func (q *Queue) Close() { q.nc.Close() }

// MaxRecord is the longest record, in bytes, that the server takes.
func (q *Queue) MaxRecord() int { return int(q.nc.MaxPayload()) - headroom }

// headroom is for the headers of a message, which count too.
const headroom = 1 << 10
