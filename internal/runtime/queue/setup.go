package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Names on the server. Subjects are specify.jobs.PARTITION.RUN and
// specify.results.RUN; bodies.go has those of bodies.
const (
	jobsStream    = "specify-jobs"
	resultsStream = "specify-results"
	bodiesStream  = "specify-bodies"
	runsBucket    = "specify-runs"
	workersBucket = "specify-workers"
	begunBucket   = "specify-begun"

	version = 1 // of all of this
)

// shape is how the streams were made, by whoever came first. It is kept in the
// metadata of specify-jobs, because all who share them must agree on it.
type shape struct {
	partitions int
	lease      time.Duration
}

// Defaults of the shape. More partitions spread better over many workers, and
// cost a consumer each. A hand-over after a crash takes about three leases.
const (
	defaultPartitions = 64
	defaultLease      = 10 * time.Second
)

// grace is how long at most those that carry tasks out take to end what is in
// flight, when they are told to stop.
const grace = 5 * time.Second

// pin is how long a partition stays with a worker that does not pull any more:
// longer than that one takes to see that it has lost touch, and to end what is
// in flight.
func (s shape) pin() time.Duration { return 2*s.lease + grace }

// ackWait is after what time a task whose worker has not been heard of is
// delivered again.
func (s shape) ackWait() time.Duration { return 3 * s.lease }

// beat is how often a worker says that it is alive.
func (s shape) beat() time.Duration { return s.lease / 3 }

// setUp opens the streams and buckets, and makes those that are not there.
func (q *Queue) setUp(ctx context.Context, o Options) (err error) {
	replicas := 1
	if q.nc.ConnectedClusterName() != "" && len(q.nc.Servers()) >= 3 {
		replicas = 3
	}
	q.jobs, err = q.stream(ctx, jetstream.StreamConfig{
		Name: jobsStream, Subjects: []string{"specify.jobs.*.*"}, Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew,
		Replicas: replicas, Duplicates: 2 * time.Minute,
		Metadata: map[string]string{
			"specify-version":    strconv.Itoa(version),
			"specify-partitions": strconv.Itoa(cmp.Or(o.Partitions, defaultPartitions)),
			"specify-lease":      cmp.Or(o.Lease, defaultLease).String(),
		},
	})
	if err != nil {
		return err
	}
	if q.shape, err = readShape(q.jobs.CachedInfo().Config.Metadata); err != nil {
		return err
	}
	q.results, err = q.stream(ctx, jetstream.StreamConfig{
		Name: resultsStream, Subjects: []string{"specify.results.*"}, Discard: jetstream.DiscardNew,
		MaxAge: 30 * 24 * time.Hour, Replicas: replicas, Duplicates: 2 * time.Minute,
	})
	if err != nil {
		return err
	}
	if q.bodies, err = q.stream(ctx, bodiesConfig(replicas)); err != nil {
		return err
	}
	for _, b := range []struct {
		kv   *jetstream.KeyValue
		name string
		ttl  time.Duration
	}{{&q.runs, runsBucket, 0}, {&q.workers, workersBucket, q.lease}, {&q.begun, begunBucket, 24 * time.Hour}} {
		if *b.kv, err = q.bucket(ctx, jetstream.KeyValueConfig{Bucket: b.name, TTL: b.ttl, Replicas: replicas}); err != nil {
			return err
		}
	}
	return nil
}

func (q *Queue) stream(ctx context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
	var s jetstream.Stream
	err := q.persist(ctx, "open stream "+c.Name, func(ctx context.Context) (err error) {
		s, err = q.js.Stream(ctx, c.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			s, err = q.js.CreateStream(ctx, c)
		}
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another was a moment faster
			s, err = q.js.Stream(ctx, c.Name)
		}
		if errors.Is(err, nats.ErrNoResponders) { // nobody listens where JetStream would
			err = jetstream.ErrJetStreamNotEnabled
		}
		return err
	})
	return s, err
}

func (q *Queue) bucket(ctx context.Context, c jetstream.KeyValueConfig) (jetstream.KeyValue, error) {
	var kv jetstream.KeyValue
	err := q.persist(ctx, "open bucket "+c.Bucket, func(ctx context.Context) (err error) {
		kv, err = q.js.KeyValue(ctx, c.Bucket)
		if errors.Is(err, jetstream.ErrBucketNotFound) {
			kv, err = q.js.CreateKeyValue(ctx, c)
		}
		if errors.Is(err, jetstream.ErrBucketExists) || errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			kv, err = q.js.KeyValue(ctx, c.Bucket)
		}
		return err
	})
	return kv, err
}

func readShape(meta map[string]string) (shape, error) {
	v, err := strconv.Atoi(meta["specify-version"])
	switch {
	case err != nil:
		return shape{}, &ConfigError{fmt.Errorf("stream %s was not made by specify", jobsStream)}
	case v > version:
		return shape{}, &ConfigError{fmt.Errorf("stream %s is of version %d, which is newer than this specify", jobsStream, v)}
	}
	n, err := strconv.Atoi(meta["specify-partitions"])
	lease, err2 := time.ParseDuration(meta["specify-lease"])
	if err := errors.Join(err, err2); err != nil || n < 1 || lease < time.Second {
		return shape{}, &ConfigError{fmt.Errorf("stream %s: its metadata cannot be read", jobsStream)}
	}
	return shape{n, lease}, nil
}
