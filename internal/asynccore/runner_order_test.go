package asynccore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
)

// A trace notes what jobs do, in order.
type trace struct {
	mu     sync.Mutex // guards events
	events []string
}

func (l *trace) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, fmt.Sprintf(format, args...))
}

// sort is for events of one moment, whose order is open.
func (l *trace) sort() {
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.Sort(l.events)
}

func (l *trace) want(t *testing.T, want ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if diff := cmp.Diff(want, l.events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// busy makes a job that takes d and notes its name when it starts.
func (l *trace) busy(name string, d time.Duration) func(context.Context) {
	return func(ctx context.Context) {
		if err := ctx.Err(); err != nil {
			l.note("%s: %v", name, context.Cause(ctx))
			return
		}
		l.note("%s", name)
		pass(ctx, d)
	}
}

// pass waits for d or the end of ctx.
func pass(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func mustGo(t *testing.T, r *asynccore.Runner, j asynccore.Job, fn func(context.Context)) {
	t.Helper()
	if err := r.Go(t.Context(), j, fn); err != nil {
		t.Fatal(err)
	}
}

func mustClose(t *testing.T, r *asynccore.Runner) {
	t.Helper()
	if err := r.Close(t.Context()); err != nil {
		t.Errorf("Close: %v", err)
	}
	if stats := r.Stats(); stats.Running != 0 || stats.Queued != 0 || stats.Parked != 0 || stats.Blocked {
		t.Errorf("after Close: %+v", stats)
	}
}

func TestRunnerOrder(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		var l trace
		mustGo(t, r, asynccore.Job{}, l.busy("first", time.Second))
		synctest.Wait()
		for _, job := range []struct {
			name string
			asynccore.Job
		}{
			{"low", asynccore.Job{Priority: asynccore.PriorityLow}},
			{"a1", asynccore.Job{Key: "a"}},
			{"a2", asynccore.Job{Key: "a"}},
			{"a3", asynccore.Job{Key: "a"}},
			{"b1", asynccore.Job{Key: "b"}},
			{"b2", asynccore.Job{Key: "b"}},
			{"high", asynccore.Job{Key: "a", Priority: asynccore.PriorityHigh}},
			{"critical", asynccore.Job{Key: "b", Priority: asynccore.PriorityCritical}},
			{"background", asynccore.Job{Key: "b", Priority: asynccore.PriorityBackground}},
		} {
			mustGo(t, r, job.Job, l.busy(job.name, time.Millisecond))
		}
		mustClose(t, r)
		l.want(t, "first", "critical", "high", "a1", "b1", "a2", "b2", "a3", "low", "background")
	})
}

// One worker, services of 100 ms, and a critical job submitted whenever one
// starts: a job of another class starts after its slack, the service then
// running, and what else was submitted before the slack was over.
func TestRunnerStarvationBound(t *testing.T) {
	const service = 100 * time.Millisecond
	for _, lanes := range []int{1, 7} {
		t.Run(fmt.Sprintf("lanes=%d", lanes), func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1, Queue: 1000})
				start := time.Now()
				var (
					over atomic.Bool
					n    atomic.Int64
				)
				var critical func(context.Context)
				submit := func() {
					key := fmt.Sprint("flood ", n.Add(1)%int64(lanes))
					mustGo(t, r, asynccore.Job{Priority: asynccore.PriorityCritical, Key: key}, critical)
				}
				critical = func(ctx context.Context) {
					if !over.Load() {
						submit()
					}
					pass(ctx, service)
				}
				const backlog = 20 // critical jobs queued at any time
				for range backlog {
					submit()
				}
				slack := map[asynccore.Priority]time.Duration{
					asynccore.PriorityHigh: time.Second, asynccore.PriorityNormal: 5 * time.Second,
					asynccore.PriorityLow: 20 * time.Second, asynccore.PriorityBackground: time.Minute,
				}
				var waits sync.Map
				for p := range slack {
					mustGo(t, r, asynccore.Job{Priority: p, Key: "alone"}, func(ctx context.Context) {
						waits.Store(p, time.Since(start))
						pass(ctx, service)
					})
				}
				time.Sleep(2 * time.Minute)
				over.Store(true)
				mustClose(t, r)
				for p, least := range slack {
					wait, ok := waits.Load(p)
					if !ok {
						t.Fatalf("%v did not run", p)
					}
					// Never before its turn, and then at most behind what was
					// queued: the flood, and the three other jobs.
					most := least + (backlog+3)*service
					if got := wait.(time.Duration); got < least || got > most {
						t.Errorf("%v waited for %v, want %v to %v", p, got, least, most)
					}
				}
			})
		})
	}
}

// A class whose old jobs are all in one lane must not win by their age while
// its turns go to young jobs of other lanes.
func TestRunnerStarvationBoundWithDeepLane(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		const service = 100 * time.Millisecond
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1, Queue: 2000})
		var over atomic.Bool
		for range 500 {
			mustGo(t, r, asynccore.Job{Priority: asynccore.PriorityCritical, Key: "deep"}, func(ctx context.Context) { pass(ctx, service) })
		}
		var refill func(key string)
		refill = func(key string) {
			mustGo(t, r, asynccore.Job{Priority: asynccore.PriorityCritical, Key: key}, func(ctx context.Context) {
				if !over.Load() {
					refill(key)
				}
				pass(ctx, service)
			})
		}
		const lanes = 50
		for i := range lanes {
			refill(fmt.Sprint("young ", i))
		}
		start := time.Now()
		started := make(chan time.Duration, 1)
		mustGo(t, r, asynccore.Job{Key: "alone"}, func(context.Context) { started <- time.Since(start) })
		// The job running then, each young lane's head, and the deep lane at both
		// ends of the round.
		if wait, most := <-started, 5*time.Second+(lanes+3)*service; wait < 5*time.Second || wait > most {
			t.Errorf("waited for %v, want 5s to %v", wait, most)
		}
		over.Store(true)
		r.Stop(nil)
		mustClose(t, r)
	})
}

// A slow origin with a long list holds up another by one of its jobs at most.
func TestRunnerSlowLane(t *testing.T) {
	for _, limit := range []int{0, 2} {
		t.Run(fmt.Sprintf("limit=%d", limit), func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				const jobs, slow = 10_000, time.Minute
				r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 4, Queue: 2 * jobs, KeyLimit: limit})
				for range jobs {
					mustGo(t, r, asynccore.Job{Key: "slow"}, func(ctx context.Context) { pass(ctx, slow) })
				}
				synctest.Wait()
				start := time.Now()
				var l trace
				for i := range 10 {
					mustGo(t, r, asynccore.Job{Key: "quick"}, func(context.Context) { l.note("%d at %v", i, time.Since(start)) })
				}
				time.Sleep(slow)
				synctest.Wait()
				at := time.Duration(0)
				if limit == 0 {
					at = slow // the slots must come free first; then the lanes alternate
				}
				l.sort()
				l.mu.Lock()
				if len(l.events) == 0 || l.events[0] != fmt.Sprintf("0 at %v", at) {
					t.Errorf("the quick lane had %v after one slow job", l.events)
				}
				if limit > 0 && len(l.events) != 10 {
					t.Errorf("%d quick jobs have run beside a lane at its limit", len(l.events))
				}
				l.mu.Unlock()
				r.Stop(nil)
				mustClose(t, r)
			})
		})
	}
}

// Round robin: whatever the lanes hold, each has its turn.
func TestRunnerRoundRobin(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		var l trace
		mustGo(t, r, asynccore.Job{}, l.busy("-", time.Second))
		synctest.Wait()
		for name := range strings.FieldsSeq("a a a a b b c c c") {
			mustGo(t, r, asynccore.Job{Key: name}, l.busy(name, time.Second))
		}
		mustClose(t, r)
		l.want(t, "-", "a", "b", "c", "a", "b", "c", "a", "c", "a")
	})
}

// A lane whose first job is cancelled waits for its next turn: the job behind
// may be young, and the turn is what speaks for the class.
func TestRunnerCancelEndsTurn(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		var l trace
		mustGo(t, r, asynccore.Job{}, l.busy("-", time.Second))
		synctest.Wait()
		first := mustSubmit(t, t.Context(), r, asynccore.Job{Key: "a"}, func(context.Context) (int, error) { return 0, nil })
		mustGo(t, r, asynccore.Job{Key: "b"}, l.busy("b", time.Second))
		mustGo(t, r, asynccore.Job{Key: "a"}, l.busy("a", time.Second))
		first.Cancel(nil)
		mustClose(t, r)
		l.want(t, "-", "b", "a")
	})
}

func TestRunnerResize(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		start := time.Now()
		var l trace
		for i := range 12 {
			mustGo(t, r, asynccore.Job{}, func(ctx context.Context) {
				l.note("%d at %v", i, time.Since(start))
				pass(ctx, time.Second)
			})
		}
		time.Sleep(1500 * time.Millisecond)
		r.SetWorkers(4) // now
		time.Sleep(700 * time.Millisecond)
		r.SetWorkers(2) // as jobs end
		time.Sleep(time.Second)
		if stats := r.Stats(); stats.Running != 2 || stats.Workers != 2 {
			t.Errorf("after SetWorkers(2): %+v", stats)
		}
		mustClose(t, r)
		l.sort()
		l.want(t, "0 at 0s", "1 at 1s", "10 at 4.5s", "11 at 5s", "2 at 1.5s", "3 at 1.5s", "4 at 1.5s",
			"5 at 2s", "6 at 2.5s", "7 at 3s", "8 at 3.5s", "9 at 4s")
	})
}

func TestRunnerKeepsNoGoroutines(t *testing.T) {
	defer goleak.VerifyNone(t)
	r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 8})
	var done sync.WaitGroup
	for range 100 {
		done.Add(1)
		mustGo(t, r, asynccore.Job{Key: "k"}, func(context.Context) { done.Done() })
	}
	done.Wait()
	goleak.VerifyNone(t) // not closed yet: idle is without goroutines too
	mustClose(t, r)
}
