package queue

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// message puts one task on the queue and returns it as a worker has it.
func message(t *testing.T, q *Queue, run string) *Message {
	t.Helper()
	p := q.Publisher(run)
	p.Bodies = true
	if err := errors.Join(p.Task(t.Context(), 7, "lane", []byte("task")), p.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan *Message, 1)
	var work sync.WaitGroup
	work.Go(func() {
		if err := q.Work(ctx, func(context.Context) Taker { return func(m *Message) { got <- m } }); err != nil {
			t.Error(err)
		}
	})
	m := <-got
	t.Cleanup(func() { // before the queue is closed
		m.Return()
		cancel()
		work.Wait()
	})
	if !m.WantsBody() {
		t.Error("the task does not say that its body is wanted")
	}
	return m
}

func stored(t *testing.T, q *Queue) uint64 {
	t.Helper()
	info, err := q.bodies.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return info.State.Msgs
}

func randomBody(n int) []byte {
	r := rand.NewChaCha8([32]byte{})
	body := make([]byte, n)
	_, _ = r.Read(body) // never fails
	return body
}

// Bodies of all sizes come back as they were, as what the record is told to say.
func TestBody(t *testing.T) {
	q := open(t)
	m := message(t, q, "r1")
	for _, n := range []int{0, 1, pieceSize - 1, pieceSize, pieceSize + 1, 1 << 20} {
		want := randomBody(n)
		if err := m.PutBody(t.Context(), 7, bytes.NewReader(want)); err != nil {
			t.Fatal(err)
		}
		if pieces := stored(t, q); pieces != uint64(n+pieceSize-1)/pieceSize {
			t.Errorf("%d bytes are %d pieces", n, pieces)
		}
		var got bytes.Buffer
		if err := q.Body(t.Context(), "r1", 7, m.body, int64(n), &got); err != nil || sha256.Sum256(got.Bytes()) != sha256.Sum256(want) {
			t.Errorf("%d bytes: %d came back, %v", n, got.Len(), err)
		}
		if err := q.Body(t.Context(), "r1", 7, m.body, int64(n)+1, io.Discard); !errors.Is(err, ErrNoBody) {
			t.Errorf("one byte more than there are: %v", err)
		}
		q.RemoveBodies(t.Context(), "r1", 7)
		if left := stored(t, q); left != 0 {
			t.Errorf("%d pieces are left", left)
		}
	}
}

// One that lacks a piece, or is longer than it should be, is none.
func TestBodyMissing(t *testing.T) {
	q := open(t)
	m := message(t, q, "r1")
	if err := m.PutBody(t.Context(), 7, bytes.NewReader(randomBody(3*pieceSize))); err != nil {
		t.Fatal(err)
	}
	if err := q.Body(t.Context(), "r1", 7, m.body, pieceSize+1, io.Discard); !errors.Is(err, ErrNoBody) {
		t.Errorf("less than there is: %v", err)
	}
	subject := bodySubject("r1", 7) + "." + m.body
	if err := q.bodies.Purge(t.Context(), jetstream.WithPurgeSubject(subject+".1")); err != nil {
		t.Fatal(err)
	}
	for _, delivery := range []string{m.body, "ANOTHER"} {
		if err := q.Body(t.Context(), "r1", 7, delivery, 3*pieceSize, io.Discard); !errors.Is(err, ErrNoBody) {
			t.Errorf("%s: %v", delivery, err)
		}
	}
}

// Of two deliveries of a task the second's body goes at once, and the other's
// with the run.
func TestBodySecondDelivery(t *testing.T) {
	q := open(t)
	m := message(t, q, "r1")
	put := func() {
		t.Helper()
		if err := m.PutBody(t.Context(), 7, strings.NewReader("body")); err != nil {
			t.Fatal(err)
		}
	}
	put()
	first := m.body
	if _, err := q.record(t.Context(), "r1", 7, []byte("{}"), first); err != nil {
		t.Fatal(err)
	}
	put()
	m.s.w.mu.Lock() // Return, at the end of the test, forgets it again
	m.s.w.held[m] = struct{}{}
	m.s.w.mu.Unlock()
	m.s.mu.Lock()
	m.s.left++
	m.s.mu.Unlock()
	if err := m.Done(t.Context(), 7, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := q.Body(t.Context(), "r1", 7, first, 4, &got); err != nil || got.String() != "body" || stored(t, q) != 1 {
		t.Errorf("%q, %v; %d bodies are there", &got, err, stored(t, q))
	}
	for res, err := range q.Results(t.Context(), "r1") {
		if err != nil || res.Body != first {
			t.Errorf("the record says that its body is %s, not %s; %v", res.Body, first, err)
		}
		break
	}
	if err := q.EndRun(t.Context(), Run{ID: "r1"}); err != nil || stored(t, q) != 0 {
		t.Errorf("%d bodies of a run that has ended are left, %v", stored(t, q), err)
	}
}

// Where there is room for one body only, many get through one after the other:
// those that wait hold no part of it.
func TestBodyRoom(t *testing.T) {
	q := open(t)
	var told atomic.Int32
	q.warn = func(format string, args ...any) {
		told.Add(1)
		t.Logf(format, args...)
	}
	config := q.bodies.CachedInfo().Config
	config.MaxBytes = 5 * pieceSize
	var err error
	if q.bodies, err = q.js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	m := message(t, q, "r1")
	const n = 4
	put := make(chan string, n)
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			one := &Message{s: m.s, msg: m.msg}
			if err := one.PutBody(t.Context(), 7, bytes.NewReader(randomBody(4*pieceSize))); err != nil {
				t.Error(err)
			}
			put <- one.body
		})
	}
	for i := range n {
		delivery := <-put
		if i == 0 {
			time.Sleep(2 * quiet)
		}
		if err := q.Body(t.Context(), "r1", 7, delivery, 4*pieceSize, io.Discard); err != nil {
			t.Fatal(err)
		}
		q.purgeBody(t.Context(), bodySubject("r1", 7)+"."+delivery)
	}
	all.Wait()
	if told.Load() == 0 {
		t.Error("nobody was told of the wait")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	time.AfterFunc(100*time.Millisecond, func() { cancel(why) })
	if err := m.PutBody(ctx, 7, bytes.NewReader(randomBody(8*pieceSize))); !errors.Is(err, why) || stored(t, q) != 0 {
		t.Errorf("one for which there is never room: %v, and %d pieces are left", err, stored(t, q))
	}
}
