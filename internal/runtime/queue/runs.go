package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Run is how far the tasks of a run have been put on the queue. Whoever goes on
// with it begins at Next.
type Run struct {
	V      int    `json:"v"`
	ID     string `json:"id"`
	Next   int64  `json:"next"`             // place in the input of the first task that may not be on the queue yet
	Tasks  int64  `json:"tasks"`            // put there so far: as many records there will be
	Sum    string `json:"sum"`              // of the identities before Next
	Input  string `json:"input,omitempty"`  // of all identities, where they were known beforehand
	Whole  bool   `json:"whole"`            // there are no more
	Bodies bool   `json:"bodies,omitempty"` // whoever collects keeps the bodies, too
	Ended  bool   `json:"ended"`            // all records have been collected
}

// LoadRun returns the run; ok is false when there is none that has not ended.
func (q *Queue) LoadRun(ctx context.Context, id string) (r Run, ok bool, err error) {
	if !validRun(id) {
		return r, false, nil
	}
	err = q.persist(ctx, "read the state of the run", func(ctx context.Context) error {
		entry, err := q.runs.Get(ctx, id)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := json.Unmarshal(entry.Value(), &r); err != nil {
			return &ConfigError{fmt.Errorf("run %s: %w", id, err)}
		}
		if r.V != version {
			return &ConfigError{fmt.Errorf("run %s is of version %d, and this specify reads %d: use the newer one", id, r.V, version)}
		}
		ok = !r.Ended
		return nil
	})
	return r, ok, err
}

// SaveRun notes how far the run has come.
func (q *Queue) SaveRun(ctx context.Context, r Run) error {
	r.V = version
	value, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return q.persist(ctx, "save the state of the run", func(ctx context.Context) error {
		_, err := q.runs.Put(ctx, r.ID, value)
		return err
	})
}

// EndRun forgets a run whose records are safe with their owner.
func (q *Queue) EndRun(ctx context.Context, r Run) error {
	r.Ended = true // in this order: one that is gone half way is not taken up again
	if err := q.SaveRun(ctx, r); err != nil {
		return err
	}
	return q.persist(ctx, "remove the run", func(ctx context.Context) error {
		return errors.Join(
			q.results.Purge(ctx, jetstream.WithPurgeSubject(resultSubject(r.ID))),
			q.bodies.Purge(ctx, jetstream.WithPurgeSubject(runBodies(r.ID)+".>")),
			q.runs.Purge(ctx, r.ID),
		)
	})
}

// validRun reports whether id can be a part of a subject.
func validRun(id string) bool {
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return id != ""
}

func resultSubject(run string) string { return "specify.results." + run }

func jobSubject(partition int, run string) string {
	return fmt.Sprintf("specify.jobs.%d.%s", partition, run)
}
