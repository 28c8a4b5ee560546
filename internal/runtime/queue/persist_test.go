package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/specify-cli/specify/internal/bubble"
)

// However many wait for the server, one line says so, and one that it is over.
func TestPersistTellsOnce(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		var said []string // warn is called under a lock
		q := newQueue(func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) })
		defer q.refuse(nil)
		back := time.Now().Add(10 * time.Second)
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				err := q.persist(t.Context(), "publish a record", func(context.Context) error {
					if time.Now().Before(back.Add(time.Duration(i) * time.Millisecond)) {
						return errors.New("no answer")
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		want := []string{"queue: cannot publish a record: no answer (waiting)", "queue: could publish a record: going on"}
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// What is over within a moment is not worth a line, and of a longer wait the
// line comes with the first answer that does.
func TestPersistQuiet(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			fails int
			takes time.Duration
			lines int
		}{{0, 0, 0}, {2, 0, 0}, {1, 5 * time.Second, 2}} {
			lines, calls := 0, 0
			q := newQueue(func(string, ...any) { lines++ })
			defer q.refuse(nil)
			err := q.persist(t.Context(), "do", func(context.Context) error {
				if calls++; calls > test.fails {
					return nil
				}
				time.Sleep(test.takes)
				return errors.New("no answer")
			})
			if err != nil || lines != test.lines {
				t.Errorf("%d failures of %v: %d lines, want %d; %v", test.fails, test.takes, lines, test.lines, err)
			}
		}
	})
}

// What waiting does not cure ends the wait: a missing right, of which the server
// says so beside the answer that never comes, among it.
func TestPersistFinal(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		q := newQueue(t.Logf)
		calls := 0
		began := time.Now()
		err := q.persist(t.Context(), "do", func(ctx context.Context) error {
			if calls++; calls == 2 {
				q.refuse(&ConfigError{nats.ErrPermissionViolation})
			}
			<-ctx.Done()
			return ctx.Err()
		})
		if _, ok := errors.AsType[*ConfigError](err); !ok || calls != 2 || !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("%d calls, %v", calls, err)
		}
		if took := time.Since(began); took != patience+50*time.Millisecond {
			t.Errorf("after %v", took)
		}
		q = newQueue(t.Logf)
		defer q.refuse(nil)
		err = q.persist(t.Context(), "do", func(context.Context) error { return jetstream.ErrJetStreamNotEnabled })
		if _, ok := errors.AsType[*ConfigError](err); !ok {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("the end"))
		defer cancel()
		if err = q.persist(ctx, "do", func(context.Context) error { return errors.New("no answer") }); err == nil || err.Error() != "the end" {
			t.Error(err)
		}
	})
}
