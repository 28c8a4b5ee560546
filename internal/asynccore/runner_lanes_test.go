package asynccore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
)

// A gate is an Admission that a test sets.
type gate struct {
	mu    sync.Mutex // guards the rest
	until map[string]time.Time
	shut  map[string]bool
	rate  time.Duration // least time between grants of a key
	most  int           // slots a key, 0 = any
	held  map[string]int
	asked []string

	newest bool // part of every answer
}

func newGate() *gate {
	return &gate{until: make(map[string]time.Time), shut: make(map[string]bool), held: make(map[string]int)}
}

func (g *gate) Admit(key string, resumed bool, now time.Time) asynccore.Answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, fmt.Sprintf("%s %v", key, resumed))
	if g.shut[key] || g.most > 0 && g.held[key] == g.most {
		return asynccore.Answer{Newest: g.newest}
	}
	if until := g.until[key]; now.Before(until) {
		return asynccore.Answer{Until: until, Newest: g.newest}
	}
	if g.rate > 0 {
		g.until[key] = now.Add(g.rate)
	}
	g.held[key]++
	return asynccore.Answer{OK: true, Newest: g.newest}
}

func (g *gate) Release(key string, _ time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held[key]--
}

// questions returns what was asked since the last time.
func (g *gate) questions() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	asked := g.asked
	g.asked = nil
	return asked
}

func (g *gate) set(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
}

// balanced checks that each slot granted was released once.
func (g *gate) balanced(t *testing.T) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	for key, n := range g.held {
		if n != 0 {
			t.Errorf("%d slots of %q too many were granted", n, key)
		}
	}
}

func TestAdmissionUntil(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		g := newGate()
		g.rate = 3 * time.Second
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 10, Admission: g})
		start := time.Now()
		var l trace
		for i := range 3 {
			for _, key := range []string{"a", "b", ""} { // the empty key asks nobody
				mustGo(t, r, asynccore.Job{Key: key}, func(context.Context) { l.note("%v %q%d", time.Since(start), key, i) })
				synctest.Wait()
			}
		}
		mustClose(t, r)
		l.sort()
		l.want(t, `0s ""0`, `0s ""1`, `0s ""2`, `0s "a"0`, `0s "b"0`, `3s "a"1`, `3s "b"1`, `6s "a"2`, `6s "b"2`)
		g.balanced(t)
	})
}

// Without a time, a lane is asked again after a release and after Wake, and not
// in between.
func TestAdmissionWake(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		g := newGate()
		g.shut["a"] = true
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 10, Admission: g})
		var l trace
		expect := func(asked ...string) {
			t.Helper()
			synctest.Wait()
			if diff := cmp.Diff(asked, g.questions()); diff != "" {
				t.Errorf("questions (-want +got):\n%s", diff)
			}
		}
		for i := range 3 {
			mustGo(t, r, asynccore.Job{Key: "a"}, l.busy(fmt.Sprint("a", i), time.Second))
		}
		expect("a false")
		mustGo(t, r, asynccore.Job{Key: "b"}, l.busy("b", time.Second))
		expect("b false")
		r.Wake("a")
		expect("a false")
		r.Wake("unknown")
		r.SetWorkers(11)
		time.Sleep(time.Hour)
		expect()
		g.set(func() { g.shut["a"], g.most = false, 1 })
		r.Wake("a")
		expect("a false", "a false")
		l.want(t, "b", "a0")
		time.Sleep(time.Second) // a0 ends
		expect("a false", "a false")
		l.want(t, "b", "a0", "a1")
		mustClose(t, r)
		l.want(t, "b", "a0", "a1", "a2")
		g.balanced(t)
	})
}

// An answer that names the past must not keep the Runner asking.
func TestAdmissionUntilPast(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Admission: stubborn{refuseFor: time.Second, start: time.Now()}})
		start := time.Now()
		started := make(chan time.Duration, 1)
		mustGo(t, r, asynccore.Job{Key: "a"}, func(context.Context) { started <- time.Since(start) })
		if got := <-started; got != time.Second {
			t.Errorf("started after %v, want 1s", got)
		}
		mustClose(t, r)
	})
}

type stubborn struct {
	refuseFor time.Duration
	start     time.Time
}

func (s stubborn) Admit(_ string, _ bool, now time.Time) asynccore.Answer {
	return asynccore.Answer{Until: s.start, OK: now.Sub(s.start) >= s.refuseFor}
}

func (stubborn) Release(string, time.Time) {}

func TestAdmissionResumed(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		g := newGate()
		r := asynccore.NewRunner(asynccore.RunnerConfig{Admission: g})
		mustGo(t, r, asynccore.Job{Key: "a"}, func(ctx context.Context) {
			resume := asynccore.Yield(ctx)
			if err := resume(ctx); err != nil {
				t.Error(err)
			}
			if err := asynccore.SlotFrom(ctx).Acquire(ctx, "b"); err != nil {
				t.Error(err)
			}
		})
		mustClose(t, r)
		if diff := cmp.Diff([]string{"a false", "a true", "b true"}, g.questions()); diff != "" {
			t.Errorf("questions (-want +got):\n%s", diff)
		}
		g.balanced(t)
	})
}

// The newest job that has yet to start goes before older ones, and before one
// that comes back, for as long as Admission asks for it.
func TestAdmissionAsksForTheNewest(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		g := newGate()
		g.shut["a"], g.newest = true, true
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1, Admission: g})
		var l trace
		mustGo(t, r, asynccore.Job{}, func(ctx context.Context) {
			l.note("begun")
			asynccore.SlotFrom(ctx).Release()
			if err := asynccore.SlotFrom(ctx).Acquire(ctx, "a"); err != nil {
				t.Error(err)
			}
			l.note("back")
		})
		synctest.Wait()
		for i := range 4 {
			mustGo(t, r, asynccore.Job{Key: "a"}, func(context.Context) {
				l.note("%d", i)
				if i == 2 { // the answer that lets 1 go is the first without the wish
					g.mu.Lock()
					g.newest = false
					g.mu.Unlock()
				}
			})
		}
		g.mu.Lock()
		g.shut["a"] = false
		g.mu.Unlock()
		r.Wake("a")
		mustClose(t, r)
		l.want(t, "begun", "3", "2", "1", "back", "0")
		g.balanced(t)
	})
}

func TestPause(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 2})
		start := time.Now()
		var l trace
		submit := func(key string) {
			mustGo(t, r, asynccore.Job{Key: key}, func(context.Context) { l.note("%v %s", time.Since(start), key) })
		}
		r.Pause("a", start.Add(time.Minute)) // before there is a job
		r.Pause("b", start.Add(20*time.Second))
		r.Pause("c", start.Add(30*time.Second).Round(0)) // a date, as Retry-After gives it
		for _, key := range []string{"a", "b", "c", "d"} {
			submit(key)
		}
		synctest.Wait()
		l.want(t, "0s d")
		time.Sleep(10 * time.Second)
		r.Pause("a", start.Add(15*time.Second)) // shorter
		r.Pause("b", start.Add(40*time.Second)) // longer
		time.Sleep(15 * time.Second)
		r.Pause("c", time.Time{}) // over
		synctest.Wait()
		l.want(t, "0s d", "15s a", "25s c")
		r.Wake("b") // no refusal: the pause stays
		time.Sleep(time.Hour)
		l.want(t, "0s d", "15s a", "25s c", "40s b")
		if stats := r.Stats(); stats.Lanes != 0 {
			t.Errorf("idle lanes: %+v", stats)
		}
		idle := time.Now()
		r.Pause("a", idle.Add(100*365*24*time.Hour)) // must not keep Close
		mustClose(t, r)
		if took := time.Since(idle); took != 0 {
			t.Errorf("Close took %v", took)
		}
		r.Pause("a", time.Now().Add(time.Hour)) // nor leave a timer behind
	})
}

// Other origins do not notice a Retry-After, even on one slot.
func TestPauseLeavesOthersAlone(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		start := time.Now()
		var l trace
		mustGo(t, r, asynccore.Job{Key: "throttled"}, func(ctx context.Context) {
			s := asynccore.SlotFrom(ctx)
			pass(ctx, 100*time.Millisecond)
			r.Pause(s.Key(), start.Add(time.Minute))
			s.Release()
			if err := s.Acquire(ctx, s.Key()); err != nil {
				t.Error(err)
			}
			l.note("%v throttled again", time.Since(start))
		})
		for _, key := range []string{"throttled", "b", "c"} {
			mustGo(t, r, asynccore.Job{Key: key}, func(ctx context.Context) {
				pass(ctx, 100*time.Millisecond)
				l.note("%v %s", time.Since(start), key)
			})
		}
		mustClose(t, r)
		l.want(t, "200ms b", "300ms c", "1m0s throttled again", "1m0.1s throttled")
	})
}

func TestKeyLimit(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 100, KeyLimit: 3})
		r.SetKeyLimit("wide", 0)
		r.SetKeyLimit("", 1) // has no limit
		running := make(map[string]int)
		most := make(map[string]int)
		var mu sync.Mutex // guards the maps
		for i := range 400 {
			key := []string{"", "narrow", "wide", "plain"}[i%4]
			mustGo(t, r, asynccore.Job{Key: key}, func(ctx context.Context) {
				mu.Lock()
				running[key]++
				most[key] = max(most[key], running[key])
				mu.Unlock()
				pass(ctx, time.Second)
				mu.Lock()
				running[key]--
				mu.Unlock()
			})
			if i == 0 {
				r.SetKeyLimit("narrow", 1)
			}
		}
		time.Sleep(10500 * time.Millisecond)
		mu.Lock()
		if most["narrow"] != 1 || most["plain"] != 3 || most[""]+most["wide"] < 96 {
			t.Errorf("most running: %v, want 1 narrow, 3 plain and all other slots without a limit", most)
		}
		clear(most)
		mu.Unlock()
		r.SetKeyLimit("narrow", 5)
		r.SetKeyLimit("plain", 1)
		time.Sleep(1200 * time.Millisecond)
		r.SetKeyLimit("plain", -1)
		time.Sleep(1400 * time.Millisecond)
		mu.Lock()
		if running["narrow"] != 5 || running["plain"] != 3 {
			t.Errorf("running after new limits: %v", running)
		}
		mu.Unlock()
		mustClose(t, r)
	})
}

// startsRefused is an Admission that lets nobody start, only come back.
type startsRefused struct{ open bool }

func (a *startsRefused) Admit(_ string, resumed bool, _ time.Time) asynccore.Answer {
	return asynccore.Answer{OK: resumed || a.open}
}

func (*startsRefused) Release(string, time.Time) {}

// A lane that Admission refused for a job that would start asks again when a
// job comes back to it.
func TestRefusedLaneAsksForReturningJob(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		a := &startsRefused{open: true}
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1, Admission: a})
		back := false
		job := asynccore.Job{Key: "k"}
		err := r.Go(t.Context(), job, func(ctx context.Context) {
			a.open = false
			s := asynccore.SlotFrom(ctx)
			s.Release()
			time.Sleep(time.Second) // the job below is refused meanwhile
			if err := s.Acquire(ctx, "k"); err != nil {
				t.Error(err)
			}
			back, a.open = true, true
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Go(t.Context(), job, func(context.Context) {}); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(t.Context()); err != nil || !back {
			t.Errorf("back: %v, error: %v", back, err)
		}
	})
}

// Ten thousand lanes, each paused until a time of its own, come back at exactly
// that time, and nothing is left of them.
func TestManyLanes(t *testing.T) {
	lanes := 10_000
	if testing.Short() {
		lanes = 1_000
	}
	bubble.Test(t, func(t *testing.T) {
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 2, Queue: lanes})
		start := time.Now()
		back := func(i int) time.Time { return start.Add(time.Hour - time.Duration(i*7919%lanes)*time.Millisecond) }
		done := 0
		for i := range lanes {
			key := fmt.Sprint("lane ", i)
			r.Pause(key, back(i))
			mustGo(t, r, asynccore.Job{Key: key}, func(context.Context) {
				if done++; !time.Now().Equal(back(i)) { // one at a time
					t.Errorf("lane %d came back at %v, want %v", i, time.Since(start), back(i).Sub(start))
				}
			})
		}
		synctest.Wait()
		if stats := r.Stats(); stats.Lanes != lanes || stats.Running != 0 {
			t.Errorf("%+v", stats)
		}
		mustClose(t, r)
		if stats := r.Stats(); done != lanes || stats.Lanes != 0 {
			t.Errorf("%d jobs, %+v", done, stats)
		}
	})
}

// A Wake that follows its change is never lost, however many come at once and
// whatever Admission is being asked meanwhile.
func TestWakeStorm(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 5
	}
	const keys = 200
	for range rounds {
		g := newGate()
		g.until["0"] = time.Now().Add(time.Millisecond) // the timer takes part
		r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 3, Admission: g})
		for i := range keys {
			g.shut[fmt.Sprint(i)] = i > 0
		}
		var ran atomic.Int64
		var storm sync.WaitGroup
		for n := range 4 {
			storm.Go(func() {
				for i := range keys {
					key := fmt.Sprint(i)
					mustGo(t, r, asynccore.Job{Key: key}, func(context.Context) { ran.Add(1) })
					if i%4 == n {
						g.set(func() { g.shut[key] = false })
					}
					r.Wake(key)
				}
			})
		}
		storm.Wait()
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("a Wake was lost"))
		if err := r.Close(ctx); err != nil || ran.Load() != 4*keys || ctx.Err() != nil {
			t.Fatalf("%d of %d jobs, %v, %v", ran.Load(), 4*keys, err, context.Cause(ctx))
		}
		cancel()
		g.balanced(t)
	}
}
