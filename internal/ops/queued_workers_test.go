package ops

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/bubble"
)

// aliveQueue knows how many workers there are when it is asked for the n-th
// time; -1 is a server that does not answer.
type aliveQueue struct {
	Queue
	counts []int
}

func (q *aliveQueue) Workers(context.Context) ([]string, error) {
	n := q.counts[0]
	q.counts = q.counts[1:]
	if n < 0 {
		return nil, errors.New("no answer")
	}
	return make([]string, n), nil
}

type heardTeller struct {
	Teller
	began time.Time
	lines []string
}

func (h *heardTeller) Warn(format string, args ...any) {
	h.lines = append(h.lines, fmt.Sprintf("%v: %s", time.Since(h.began), fmt.Sprintf(format, args...)))
}

// A run that has nobody to wait for says so, once, also when the last worker
// goes in its middle.
func TestQueuedWithoutWorkers(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		h := &heardTeller{began: time.Now()}
		r := &queuedRun{q: &aliveQueue{counts: []int{2, 1, 0, -1, 0, 3, 0}}, req: &QueuedRequest{}}
		r.req.Tell = h
		r.lookForWorkers(ctx)
		time.Sleep(time.Nanosecond) // so that the minute ends before the tick that ends it
		r.watchWorkers(ctx)
		const none = ": no worker takes tasks from this queue at the moment (specify worker --queue URL)"
		want := []string{"20.000000001s" + none, "50.000000001s: there are workers again"}
		if diff := cmp.Diff(want, h.lines); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
