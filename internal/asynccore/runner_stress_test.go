package asynccore_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/specify-cli/specify/internal/asynccore"
)

// Everything at once, from several goroutines, in real time: each job is called
// once, the slots and the limits hold, and nothing is left.
func TestRunnerStress(t *testing.T) {
	defer goleak.VerifyNone(t)
	submitters, jobs := 4, 2000
	if testing.Short() {
		jobs = 300
	}
	const workers, keyLimit, keys = 5, 2, 9
	g := newGate()
	r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: workers, Queue: 50, KeyLimit: keyLimit, Admission: g})
	var (
		running, called, accepted atomic.Int64
		perKey                    [keys]atomic.Int64
	)
	// hold claims to run under a key for a moment.
	hold := func(key int) {
		if n := running.Add(1); n > workers {
			t.Errorf("%d jobs hold %d slots", n, workers)
		}
		if n := perKey[key].Add(1); n > keyLimit {
			t.Errorf("%d jobs of key %d hold %d slots", n, key, keyLimit)
		}
		runtime.Gosched()
		perKey[key].Add(-1)
		running.Add(-1)
	}
	job := func(ctx context.Context, seed int) {
		called.Add(1)
		s := asynccore.SlotFrom(ctx)
		if !s.Held() {
			return
		}
		hold(seed % keys)
		switch seed % 4 {
		case 1:
			s.Release()
			if other := (seed + 1) % keys; s.Acquire(ctx, fmt.Sprint(other)) == nil {
				hold(other)
			}
		case 2:
			resume := asynccore.Yield(ctx)
			brief, cancel := context.WithTimeout(ctx, time.Duration(seed%50)*time.Microsecond)
			defer cancel()
			if resume(brief) == nil {
				hold(seed % keys)
			}
		}
	}
	stop := make(chan struct{})
	var meddling, submitting sync.WaitGroup
	meddling.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			key := fmt.Sprint(i % keys)
			r.Pause(key, time.Now().Add(time.Duration(i%3)*100*time.Microsecond))
			r.SetWorkers(1 + i%workers)
			g.set(func() { g.shut[key] = i%2 == 0 })
			r.Wake(key)
			r.SetKeyLimit(key, 1+i%keyLimit)
			r.Stats()
			runtime.Gosched()
		}
	})
	for n := range submitters {
		submitting.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			for i := range jobs {
				seed := n*jobs + i
				j := asynccore.Job{Priority: asynccore.Priority(seed % 5), Key: fmt.Sprint(seed % keys)}
				if seed%10 == 0 {
					j.QueueTimeout = 200 * time.Microsecond
				}
				if seed%5 == 0 {
					task, err := asynccore.Submit(ctx, r, j, func(ctx context.Context) (int, error) {
						accepted.Add(1)
						job(ctx, seed)
						return seed, nil
					})
					if err != nil {
						t.Error(err)
					} else if seed%3 == 0 {
						task.Cancel(nil)
					} else if seed%2 == 0 {
						task.Wait(ctx)
					}
					task.Result() // Close need not hear of a queue timeout
					<-task.Done()
					task.Result()
					continue
				}
				if err := r.Go(ctx, j, func(ctx context.Context) { job(ctx, seed) }); err != nil {
					t.Error(err)
				} else {
					accepted.Add(1)
				}
				if i%500 == 499 { // those that are queued hear of it
					cancel()
					ctx, cancel = context.WithCancel(t.Context())
				}
			}
			cancel()
		})
	}
	submitting.Wait()
	close(stop)
	meddling.Wait()
	for key := range keys {
		g.set(func() { g.shut[fmt.Sprint(key)] = false })
		r.Wake(fmt.Sprint(key))
	}
	mustClose(t, r)
	if called.Load() != accepted.Load() {
		t.Errorf("%d jobs accepted, %d called", accepted.Load(), called.Load())
	}
	if stats := r.Stats(); stats.Running+stats.Queued+stats.Parked != 0 {
		t.Errorf("%+v", stats)
	}
	g.balanced(t)
}

// Memory depends on the queue and the lanes in use, not on how many jobs pass.
func TestRunnerHeapBound(t *testing.T) {
	jobs := 300_000
	if testing.Short() {
		jobs = 30_000
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprintf("https://host-%d.example:443", i)
	}
	before := heap()
	r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 10})
	var most uint64
	for i := range jobs {
		mustGo(t, r, asynccore.Job{Key: keys[i%len(keys)], Priority: asynccore.Priority(i % 5)}, func(context.Context) {})
		if i%(jobs/5) == jobs/10 {
			most = max(most, heap())
		}
	}
	mustClose(t, r)
	if after := heap(); after > before+1<<20 {
		t.Errorf("%d bytes are left of a Runner without jobs", after-before)
	}
	if most > before+2<<20 {
		t.Errorf("the heap grew by %d bytes for %d jobs", most-before, jobs)
	}
	runtime.KeepAlive(r)
}

// However the workers meet at the Runner's lock, each slot that jobs wait for
// gets one: jobs that need each other, behind others that are over at once, all
// run.
func TestRunnerFillsSlots(t *testing.T) {
	defer goleak.VerifyNone(t)
	const workers = 4
	rounds := 1000
	if testing.Short() {
		rounds = 100
	}
	r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: workers})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range rounds {
		for range 20 {
			mustGo(t, r, asynccore.Job{}, func(context.Context) {})
		}
		var met sync.WaitGroup
		met.Add(workers)
		all := make(chan struct{})
		for range workers {
			mustGo(t, r, asynccore.Job{}, func(context.Context) {
				met.Done()
				select {
				case <-all:
				case <-ctx.Done():
				}
			})
		}
		go func() { // ends with the last of the four, or the test does
			met.Wait()
			close(all)
		}()
		select {
		case <-all:
		case <-ctx.Done():
			t.Fatalf("a slot stayed empty: %+v", r.Stats())
		}
	}
	mustClose(t, r)
}
