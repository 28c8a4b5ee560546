package asynccore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/time/rate"
	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/bubble"
)

func TestTakeAt(t *testing.T) {
	l := NewLimiter(Rate{10, time.Second})
	start := time.Unix(1e9, 0)
	take := func(at, until time.Duration, want bool) {
		t.Helper()
		peeked, free := l.PeekAt(start.Add(at))
		got, ok := l.TakeAt(start.Add(at))
		if got.Sub(start) != until || ok != want {
			t.Errorf("at %v: %v, %v; want %v, %v", at, got.Sub(start), ok, until, want)
		}
		if !peeked.Equal(got) || free != ok {
			t.Errorf("at %v: PeekAt said %v, %v", at, peeked.Sub(start), free)
		}
	}
	const ms = time.Millisecond
	take(0, 0, true)
	for range 1000 { // asking takes nothing
		take(0, 100*ms, false)
	}
	take(40*ms, 100*ms, false)
	take(100*ms-1, 100*ms, false)
	take(100*ms, 100*ms, true)
	take(0, 200*ms, false) // a clock that is late gives nothing twice
	take(200*ms, 200*ms, true)
	take(time.Hour, time.Hour, true) // saved up: the burst, no more
	take(time.Hour, time.Hour+100*ms, false)
}

func TestTakeAtUnlimited(t *testing.T) {
	for _, r := range []Rate{{}, {Events: 5}, {Per: time.Second}, {-1, time.Second}, {1, -1}} {
		l := NewLimiter(r)
		for range 1000 {
			if until, ok := l.TakeAt(time.Unix(0, 0)); !ok || !until.Equal(time.Unix(0, 0)) {
				t.Fatalf("%+v: %v, %v", r, until, ok)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if err := l.Wait(ctx); err != nil {
			t.Errorf("%+v: %v", r, err)
		}
		cancel()
	}
}

// In any window of t at most r*t + burst events pass, whatever the times asked
// for and their order; and the time that TakeAt names is neither early nor late.
func TestTakeAtEveryWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rate{rapid.IntRange(1, 500).Draw(t, "events"), time.Duration(rapid.Int64Range(1e6, 1e11).Draw(t, "per"))}
		l := NewLimiter(r)
		now := time.Unix(1e9, 0)
		var clock time.Time // a caller's now may be late, but time itself does not go back
		var taken []time.Time
		take := func(at time.Time) (time.Time, bool) {
			if at.After(clock) {
				clock = at
			}
			until, ok := l.TakeAt(at)
			if ok {
				taken = append(taken, clock)
			} else if !until.After(clock) {
				t.Fatalf("at %v: none until %v", clock, until)
			}
			return until, ok
		}
		for range rapid.IntRange(20, 100).Draw(t, "calls") {
			// In units of one event's time; a burst has to be used up first.
			step := rapid.Float64Range(-0.5, 1.5).Draw(t, "step") / r.perSecond()
			now = now.Add(time.Duration(step * 1e9))
			until, ok := take(now)
			if ok || !rapid.Bool().Draw(t, "come when told") {
				continue
			}
			if early := until.Add(-1); early.After(clock) {
				if _, ok := take(early); ok {
					t.Fatalf("a token 1ns before %v", until)
				}
			}
			if _, ok := take(until); !ok {
				t.Fatalf("no token at %v, as told", until)
			}
			now = until
		}
		for i, from := range taken {
			for j, to := range taken[i:] {
				limit := r.perSecond()*to.Sub(from).Seconds() + float64(r.Burst()) + 1e-6 // float64's error
				if float64(j+1) > limit {
					t.Fatalf("%v, burst %d: %d events within %v", r, r.Burst(), j+1, to.Sub(from))
				}
			}
		}
	})
}

func TestWaitInOrder(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		l := NewLimiter(Rate{4, time.Second})
		start := time.Now()
		type pass struct {
			Caller int
			At     time.Duration
		}
		var mu sync.Mutex
		var passes []pass
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				if err := l.Wait(t.Context()); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				passes = append(passes, pass{i, time.Since(start)})
			})
			synctest.Wait()
		}
		wg.Wait()
		const ms = time.Millisecond
		want := []pass{{0, 0}, {1, 250 * ms}, {2, 500 * ms}, {3, 750 * ms}, {4, 1000 * ms}}
		if diff := cmp.Diff(want, passes); diff != "" {
			t.Error(diff)
		}
	})
}

// Of rate's own Wait, ten that are cancelled keep part of what they reserved.
func TestWaitCancelTakesNothing(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		l := NewLimiter(Rate{1, time.Second})
		if err := l.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		cause := errors.New("the user left")
		ctx, cancel := context.WithCancelCause(t.Context())
		errs := make(chan error, 10)
		for range 10 {
			go func() { errs <- l.Wait(ctx) }()
		}
		synctest.Wait()
		cancel(cause)
		for range 10 {
			if err := <-errs; err != cause {
				t.Errorf("%v, want the cause", err)
			}
		}
		start := time.Now()
		if err := l.Wait(t.Context()); err != nil || time.Since(start) != time.Second {
			t.Errorf("%v after %v, want 1s", err, time.Since(start))
		}
		if err := l.Wait(ctx); err != cause {
			t.Errorf("with an ended context: %v", err)
		}
	})
}

// The place of one that gives up goes to those behind it.
func TestWaitCancelMovesUp(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		l := NewLimiter(Rate{1, time.Second})
		l.TakeAt(time.Now())
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		first, leave := context.WithCancel(t.Context())
		go l.Wait(first) // ended by leave
		synctest.Wait()
		start := time.Now()
		waited := make(chan time.Duration)
		go func() {
			l.Wait(t.Context())
			waited <- time.Since(start)
		}()
		synctest.Wait()
		time.Sleep(500 * time.Millisecond)
		leave()
		if got := <-waited; got != time.Second {
			t.Errorf("waited %v, want 1s", got)
		}
		if ctx.Err() != nil {
			t.Error(ctx.Err())
		}
	})
}

func TestWaitBeyondDeadline(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		l := NewLimiter(Rate{1, time.Second})
		l.TakeAt(time.Now())
		for range 3 {
			go l.Wait(t.Context()) // served by and by; the bubble waits for them
		}
		synctest.Wait()
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		err := l.Wait(ctx) // the fourth in line
		late, ok := errors.AsType[*DeadlineError](err)
		if !ok || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 0 {
			t.Fatalf("%v after %v", err, time.Since(start))
		}
		if *late != (DeadlineError{"rate limit wait", 4 * time.Second, 4 * time.Second}) || !late.Timeout() {
			t.Errorf("%+v", late)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 4*time.Second+1)
		defer cancel()
		if err := l.Wait(ctx); err != nil || time.Since(start) != 4*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second+1)
		defer cancel()
		if err := l.Wait(ctx); err != nil { // nobody is ahead any more
			t.Error(err)
		}
	})
}

// Whoever takes without waiting may come first; Wait then goes on, or fails
// once its deadline is out of reach.
func TestWaitOvertaken(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		l := NewLimiter(Rate{1, time.Second})
		start := time.Now()
		l.TakeAt(start)
		l2, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		errs := make(chan error)
		go func() { errs <- l.Wait(l2) }()
		synctest.Wait()
		l.TakeAt(start.Add(time.Second)) // ahead of the clock, so certainly first
		err := <-errs
		if _, ok := errors.AsType[*DeadlineError](err); !ok || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		go func() { errs <- l.Wait(t.Context()) }()
		if err := <-errs; err != nil || time.Since(start) != 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestLimiters(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		rl := NewLimiters(Rate{1, time.Second}, 3)
		now := time.Now()
		for _, key := range []string{"a", "b", "c"} { // each key has its own
			if _, ok := rl.TakeAt(key, now); !ok {
				t.Errorf("%s: no token", key)
			}
			if until, ok := rl.TakeAt(key, now); ok || !until.Equal(now.Add(time.Second)) {
				t.Errorf("%s: %v, %v", key, until, ok)
			}
		}
		time.Sleep(500 * time.Millisecond)
		if err := rl.Wait(t.Context(), "b"); err != nil || time.Since(now) != time.Second {
			t.Errorf("%v after %v", err, time.Since(now))
		}
		rl.TakeAt("a", time.Now()) // c alone is full again
		rl.TakeAt("d", time.Now())
		if _, ok := rl.keys.peek("c"); ok {
			t.Error("c, full again, was not dropped first")
		}
		if _, ok := rl.TakeAt("a", time.Now()); ok {
			t.Error("a was forgotten while it mattered")
		}
		for i := range 100 {
			rl.TakeAt(fmt.Sprint(i), time.Now())
		}
		if n := len(rl.keys.byKey); n != 3 {
			t.Errorf("%d keys, want 3", n)
		}
	})
}

// Many goroutines at once get no more than the rate allows, and at least the
// burst that was there, however slow the machine is.
func TestLimiterRace(t *testing.T) {
	defer goleak.VerifyNone(t)
	l := NewLimiter(Rate{2000, time.Second}) // burst 200
	var taken atomic.Int64
	start := time.Now()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for range 100 {
				ok := false
				if g%2 == 0 {
					_, ok = l.TakeAt(time.Now())
				} else {
					ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
					ok = l.Wait(ctx) == nil
					cancel()
				}
				if ok {
					taken.Add(1)
				}
			}
		})
	}
	wg.Wait()
	limit := 2000*time.Since(start).Seconds() + 200
	if n := taken.Load(); float64(n) > limit || n < 200 {
		t.Errorf("%d taken, at most %.0f allowed", n, limit)
	}
}

// The seed's pattern "Semaphore for Rate Limiting", by time.
func ExampleLimiters() {
	limit, err := ParseRate("20/s")
	if err != nil {
		fmt.Println(err)
		return
	}
	limiter := NewLimiters(limit, 0)
	start := time.Now()
	for range 4 { // two at once, then one every 50 ms
		if err := limiter.Wait(context.Background(), "https://api.example.com"); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(time.Since(start) >= 99*time.Millisecond)
	// Output: true
}

func BenchmarkLimiterTake(b *testing.B) {
	b.Run("token", func(b *testing.B) {
		l := NewLimiter(Rate{math.MaxInt32, time.Millisecond})
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := l.TakeAt(time.Now()); !ok {
				b.Fatal("none")
			}
		}
	})
	b.Run("none", func(b *testing.B) {
		l := NewLimiter(Rate{1, 1000 * time.Hour})
		l.TakeAt(time.Now())
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := l.TakeAt(time.Now()); ok {
				b.Fatal("a token")
			}
		}
	})
	b.Run("keyed", func(b *testing.B) {
		rl := NewLimiters(Rate{math.MaxInt32, time.Millisecond}, 0)
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := rl.TakeAt("https://example.com:443", time.Now()); !ok {
				b.Fatal("none")
			}
		}
	})
	b.Run("rate", func(b *testing.B) { // x/time/rate itself, for comparison
		l := rate.NewLimiter(math.MaxInt32, math.MaxInt32)
		b.ReportAllocs()
		for b.Loop() {
			if !l.AllowN(time.Now(), 1) {
				b.Fatal("none")
			}
		}
	})
}
