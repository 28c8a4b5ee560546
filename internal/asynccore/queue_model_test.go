package asynccore_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/asynccore"
)

// A queueOp is a Put or Get on a goroutine of its own, with what the queue
// answered and, as the model has it, what it must answer.
type queueOp struct {
	value  int // put, or got
	err    error
	done   bool
	cancel context.CancelCauseFunc

	wantValue int
	wantErr   error
	wantDone  bool
}

func (o *queueOp) expect(value int, err error) {
	o.wantValue, o.wantErr, o.wantDone = value, err, true
}

// A queueModel is the queue as slices: what is in it and who waits.
type queueModel struct {
	capacity         int
	closed           bool
	items            []int
	putting, getting []*queueOp
}

func (m *queueModel) put(o *queueOp) {
	switch {
	case m.closed:
		o.expect(o.value, asynccore.ErrClosed)
	case len(m.getting) > 0:
		m.getting[0].expect(o.value, nil)
		m.getting = m.getting[1:]
		o.expect(o.value, nil)
	case len(m.items) < m.capacity:
		m.items = append(m.items, o.value)
		o.expect(o.value, nil)
	default:
		m.putting = append(m.putting, o)
	}
}

func (m *queueModel) get(o *queueOp) {
	switch {
	case len(m.items) > 0:
		o.expect(m.items[0], nil)
		m.items = m.items[1:]
		if len(m.putting) > 0 {
			m.items = append(m.items, m.putting[0].value)
			m.putting[0].expect(m.putting[0].value, nil)
			m.putting = m.putting[1:]
		}
	case m.closed:
		o.expect(0, asynccore.ErrClosed)
	default:
		m.getting = append(m.getting, o)
	}
}

func (m *queueModel) close() {
	m.closed = true
	for _, o := range m.putting {
		o.expect(o.value, asynccore.ErrClosed)
	}
	for _, o := range m.getting {
		o.expect(0, asynccore.ErrClosed)
	}
	m.putting, m.getting = nil, nil
}

// After every step each goroutine has ended, or waits, as the model says.
func TestQueueModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			capacity := rapid.IntRange(1, 4).Draw(t, "capacity")
			q := asynccore.NewQueue[int](capacity)
			model := queueModel{capacity: capacity}
			var ops []*queueOp
			next := 0
			withdrawn := errors.New("withdrawn")

			start := func(o *queueOp, run func(context.Context)) {
				ctx, cancel := context.WithCancelCause(context.Background())
				o.cancel = cancel
				ops = append(ops, o)
				go func() { // awaited by synctest.Wait, at the end by the bubble
					run(ctx)
					o.done = true
				}()
				synctest.Wait()
			}
			newPut := func() *queueOp { next++; return &queueOp{value: next} }
			withdraw := func(t *rapid.T, waiting *[]*queueOp) {
				if len(*waiting) == 0 {
					t.Skip("nobody waits")
				}
				i := rapid.IntRange(0, len(*waiting)-1).Draw(t, "which")
				o := (*waiting)[i]
				o.expect(o.value, withdrawn)
				*waiting = slices.Delete(slices.Clone(*waiting), i, i+1)
				o.cancel(withdrawn)
			}

			t.Repeat(map[string]func(*rapid.T){
				"put": func(*rapid.T) {
					o := newPut()
					model.put(o)
					start(o, func(ctx context.Context) { o.err = q.Put(ctx, o.value) })
				},
				"get": func(*rapid.T) {
					o := &queueOp{}
					model.get(o)
					start(o, func(ctx context.Context) { o.value, o.err = q.Get(ctx) })
				},
				"tryPut": func(t *rapid.T) {
					o := newPut()
					if !model.closed && len(model.items) == capacity {
						o.expect(o.value, asynccore.ErrQueueFull)
					} else {
						model.put(o)
					}
					if err := q.TryPut(o.value); err != o.wantErr {
						t.Fatalf("TryPut: %v, want %v", err, o.wantErr)
					}
				},
				"tryGet": func(t *rapid.T) {
					o := &queueOp{}
					if !model.closed && len(model.items) == 0 {
						o.expect(0, asynccore.ErrQueueEmpty)
					} else {
						model.get(o)
					}
					if v, err := q.TryGet(); v != o.wantValue || err != o.wantErr {
						t.Fatalf("TryGet: %d, %v, want %d, %v", v, err, o.wantValue, o.wantErr)
					}
				},
				"withdraw put": func(t *rapid.T) { withdraw(t, &model.putting) },
				"withdraw get": func(t *rapid.T) { withdraw(t, &model.getting) },
				"close": func(t *rapid.T) {
					if rapid.IntRange(0, 9).Draw(t, "rarely") != 0 {
						t.Skip("the open queue is worth more steps")
					}
					q.Close()
					model.close()
				},
				"": func(t *rapid.T) {
					synctest.Wait()
					if q.Len() != len(model.items) {
						t.Fatalf("Len %d, want %d", q.Len(), len(model.items))
					}
					for i, o := range ops {
						if o.done != o.wantDone || o.done && (o.value != o.wantValue || o.err != o.wantErr) {
							t.Fatalf("operation %d: %+v", i, *o)
						}
					}
				},
			})

			q.Close() // lets every goroutine end before the bubble does
			model.close()
			synctest.Wait()
			for i, o := range ops {
				if !o.done || o.err != o.wantErr {
					t.Fatalf("operation %d after Close: %+v", i, *o)
				}
				o.cancel(nil)
			}
		})
	})
}
