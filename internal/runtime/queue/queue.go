package queue

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/specify-cli/specify/internal/asynccore"
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
	bodies  jetstream.Stream
	runs    jetstream.KeyValue
	workers jetstream.KeyValue
	begun   jetstream.KeyValue // of tasks delivered again: how often they were begun
	shape
	warn func(format string, args ...any)

	room *asynccore.Semaphore // lets one wait for room for a body

	rights context.Context // ends when the server refuses something, with its error as the cause
	refuse context.CancelCauseFunc

	mu    sync.Mutex     // guards waits, and is held while their lines are told
	waits map[string]int // how many wait so long that it was told, by what they want to do
}

// Open connects to the server and makes the streams that are not there. Once
// the server is reached it waits, as persist does, for a cluster that is not
// ready. It returns a *ConfigError for what another call would not mend: a bad
// address, refused credentials, a server without JetStream, streams of a newer
// version.
func Open(ctx context.Context, o Options) (*Queue, error) {
	q := newQueue(o.Warn)
	var err error
	if q.nc, err = q.dial(o); err != nil {
		return nil, err
	}
	if q.js, err = jetstream.New(q.nc, jetstream.WithPublishAsyncMaxPending(4*window), jetstream.WithPublishAsyncTimeout(patience)); err == nil {
		err = q.setUp(ctx, o)
	}
	if err != nil {
		q.Close()
		return nil, err
	}
	return q, nil
}

func newQueue(warn func(string, ...any)) *Queue {
	q := &Queue{warn: warn, waits: make(map[string]int), room: asynccore.NewSemaphore(1)}
	q.rights, q.refuse = context.WithCancelCause(context.Background())
	return q
}

// Close ends the connection. What is to be kept was acknowledged before.
func (q *Queue) Close() {
	q.nc.Close()
	q.refuse(nil)
}

// MaxRecord is the longest record, in bytes, that the server takes.
func (q *Queue) MaxRecord() int { return int(q.nc.MaxPayload()) - headroom }

// headroom is for the headers of a message, which count too.
const headroom = 1 << 10
