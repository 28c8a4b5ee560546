package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/specify-cli/specify/internal/asynccore"
)

// quiet is how long a wait may last before it is told of.
const quiet = 300 * time.Millisecond

// persist does what must be done until it succeeds: it waits while the server
// cannot be reached or a stream is full, and says so, once for all who wait for
// the same. It ends with ctx, whose cause it returns, or with an error that
// waiting does not cure.
func (q *Queue) persist(ctx context.Context, what string, do func(context.Context) error) (err error) {
	told := false
	defer func() {
		if told {
			q.waited(what, err == nil)
		}
	}()
	began := time.Now()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err = q.attempt(ctx, do)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case final(err):
			return fmt.Errorf("queue: %s: %w", what, err)
		case !told && time.Since(began) > quiet:
			told = true
			q.waiting(what, err)
		}
		if err := asynccore.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// attempt does it once. A missing right shows as an answer that does not come,
// and the server says so beside.
func (q *Queue) attempt(ctx context.Context, do func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	defer context.AfterFunc(q.rights, cancel)()
	return q.reason(do(limited))
}

// reason is err or, where that is only what follows from it, what the server has
// refused. It is a *ConfigError if waiting does not cure it.
func (q *Queue) reason(err error) error {
	switch {
	case err == nil:
		return nil
	case q.rights.Err() != nil:
		return context.Cause(q.rights)
	case errors.Is(err, nats.ErrConnectionClosed) && q.nc.LastError() != nil: // credentials that were refused twice close it
		err = q.nc.LastError()
	}
	return configError(err)
}

// waiting counts one who waits.
func (q *Queue) waiting(what string, why error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waits[what]++; q.waits[what] == 1 {
		q.warn("queue: cannot %s: %v (waiting)", what, why)
	}
}

// waited takes away one who was counted.
func (q *Queue) waited(what string, success bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waits[what]--; q.waits[what] > 0 {
		return
	}
	delete(q.waits, what)
	if success {
		q.warn("queue: could %s: going on", what)
	}
}
