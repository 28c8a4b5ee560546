package queue

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A partition belongs to one of those alive, whoever is asked; all have as many
// as the others, or one more.
func TestOwners(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		workers := rapid.SliceOfNDistinct(rapid.StringMatching("[A-Z]{8}"), 1, 80, rapid.ID).Draw(t, "workers")
		partitions := rapid.IntRange(1, 200).Draw(t, "partitions")
		of := owners(partitions, workers)
		asked := append(rapid.Permutation(workers).Draw(t, "as another knows them"), workers[0])
		if diff := cmp.Diff(of, owners(partitions, asked)); diff != "" {
			t.Fatalf("the order of the workers matters: %s", diff)
		}
		has := make(map[string]int)
		for _, w := range of {
			has[w]++
		}
		for _, w := range workers {
			if n := has[w]; n < partitions/len(workers) || n > (partitions+len(workers)-1)/len(workers) {
				t.Fatalf("%s has %d of %d partitions, with %d workers", w, n, partitions, len(workers))
			}
			delete(has, w)
		}
		if len(has) > 0 {
			t.Fatalf("partitions of nobody: %v", has)
		}
	})
}

// When a worker goes, most partitions stay where they are.
func TestOwnersStay(t *testing.T) {
	const partitions, rounds = 64, 50
	for _, workers := range []int{4, 16} {
		moved, its := 0, 0
		for round := range rounds {
			var all []string
			for i := range workers {
				all = append(all, fmt.Sprint(round, "-", i))
			}
			before, after := owners(partitions, all), owners(partitions, all[1:])
			for p, w := range before {
				switch {
				case w == all[0]:
					its++
				case after[p] != w:
					moved++
				}
			}
		}
		if moved > 2*its { // its own cannot be helped
			t.Errorf("of %d workers one went, of %d partitions %d had been its own, and %d of the others moved too", workers, partitions*rounds, its, moved)
		}
		t.Logf("%d workers: %d partitions of the one that went, %d others moved", workers, its/rounds, moved/rounds)
	}
}

// The lane of a task decides its partition, in every version alike.
func TestPartition(t *testing.T) {
	s := shape{partitions: 64}
	for lane, want := range map[string]int{"https://example.com": 37, "http://127.0.0.1:8080": 39, "": 20} {
		if got := s.partition(lane); got != want {
			t.Errorf("%q is in partition %d, and was in %d", lane, got, want)
		}
	}
}

func TestRedacted(t *testing.T) {
	for in, want := range map[string]string{
		"nats://h:4222": "nats://h:4222", "nats://u:p@h": "nats://REDACTED@h", "tls://token@a, nats://u:p@b": "tls://REDACTED@a,nats://REDACTED@b", "nats://u:p@h:x": "(not shown)",
	} {
		if got := Redacted(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// Tasks that are put on the queue are taken once each, and their records come
// out, with those published twice twice at the most.
func TestThrough(t *testing.T) {
	q := open(t)
	const n = 3000
	p := q.Publisher("r1")
	for i := range int64(n) {
		if err := p.Task(t.Context(), i, fmt.Sprint("lane", i%7), fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	for range 2 {
		work.Go(func() {
			err := q.Work(ctx, func(context.Context) Taker {
				return func(m *Message) {
					var seq int64
					if _, err := fmt.Sscan(string(m.Data()), &seq); err != nil {
						t.Error(err)
					}
					go func() { // Work waits for the message
						if err := m.Done(context.Background(), seq, m.Data()); err != nil {
							t.Error(err)
						}
					}()
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	seen := make(map[string]bool)
	for rec, err := range q.Results(ctx, "r1") {
		line := rec.Line
		if err != nil {
			t.Fatal(err)
		}
		if seen[string(line)] = true; len(seen) == n {
			break
		}
	}
	cancel()
	work.Wait()
	info, err := q.jobs.Info(t.Context())
	if err != nil || info.State.Msgs != 0 {
		t.Errorf("%d tasks are left, %v", info.State.Msgs, err)
	}
	if err := q.EndRun(t.Context(), Run{ID: "r1"}); err != nil {
		t.Fatal(err)
	}
	left, err := q.Stored(t.Context(), "r1")
	_, ok, err2 := q.LoadRun(t.Context(), "r1")
	if left != 0 || ok || err != nil || err2 != nil {
		t.Errorf("of the run that has ended %d records are left, %v, %v, %v", left, ok, err, err2)
	}
}

// How often a task was begun counts deliveries that did not come back, and not
// those that were given back.
func TestBegin(t *testing.T) {
	q := open(t)
	p := q.Publisher("r2")
	if err := errors.Join(p.Task(t.Context(), 0, "x", []byte("task")), p.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	var befores []int
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	deliveries := 0
	err := q.Work(ctx, func(context.Context) Taker {
		return func(m *Message) {
			before, err := m.Begin(ctx)
			if err != nil {
				t.Error(err)
			}
			befores = append(befores, before)
			switch deliveries++; deliveries {
			case 3:
				m.Return()
			case 6:
				if err := m.Done(ctx, 0, []byte("record")); err != nil {
					t.Error(err)
				}
				cancel()
			default: // as after a crash
				_ = m.msg.Nak()
				m.s.forget(m)
			}
		}
	})
	if want := []int{0, 1, 2, 2, 3, 4}; err != nil || !slices.Equal(befores, want) {
		t.Errorf("begun %v times before, want %v; %v", befores, want, err)
	}
	keys, err := q.begun.Keys(t.Context())
	if len(keys) > 0 {
		t.Errorf("notes are left: %v, %v", keys, err)
	}
}

// A worker that the server has not heard of for too long may begin nothing, and
// what it has ends at once.
func TestSilent(t *testing.T) {
	q := open(t)
	p := q.Publisher("r3")
	if err := errors.Join(p.Task(t.Context(), 0, "x", []byte("task")), p.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var begin error
	err := q.Work(ctx, func(stop context.Context) Taker {
		return func(m *Message) {
			if begin != nil {
				return
			}
			long := time.Now().Add(-time.Hour)
			m.s.w.heard.Store(&long)
			_, begin = m.Begin(ctx)
			<-stop.Done()
			if !errors.Is(context.Cause(stop), ErrLost) {
				t.Errorf("it has ended for %v", context.Cause(stop))
			}
			m.Return()
			cancel()
		}
	})
	if err != nil || !errors.Is(begin, ErrLost) {
		t.Errorf("begun: %v; %v", begin, err)
	}
}

// A newer shape is refused, and one that is no shape.
func TestReadShape(t *testing.T) {
	good := map[string]string{"specify-version": "1", "specify-partitions": "64", "specify-lease": "10s"}
	if s, err := readShape(good); err != nil || s != (shape{64, 10 * time.Second}) {
		t.Errorf("%v, %v", s, err)
	}
	for key, value := range map[string]string{"specify-version": "2", "specify-partitions": "0", "specify-lease": "1ms"} {
		bad := map[string]string{}
		maps.Copy(bad, good)
		bad[key] = value
		if _, err := readShape(bad); err == nil {
			t.Errorf("%s: %s was taken", key, value)
		}
	}
	if _, err := readShape(nil); err == nil {
		t.Error("a stream of somebody else's was taken")
	}
}
