package queue

import (
	"context"
	"fmt"
	"time"
)

// persist does what must be done until it succeeds: it waits while the server
// cannot be reached or a stream is full, and says so, once. It ends with ctx,
// whose cause it returns, or with an error that waiting does not cure.
func (q *Queue) persist(ctx context.Context, what string, do func(context.Context) error) error {
	told := false
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		limited, cancel := context.WithTimeout(ctx, patience)
		err := do(limited)
		cancel()
		switch {
		case err == nil:
			if told {
				q.warn("queue: could %s: going on", what)
			}
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case final(err):
			return fmt.Errorf("queue: %s: %w", what, err)
		case !told && wait > 200*time.Millisecond:
			told = true
			q.warn("queue: cannot %s: %v (waiting)", what, err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}
