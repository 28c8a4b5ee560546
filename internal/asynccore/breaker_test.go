package asynccore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sony/gobreaker/v2"
	"go.uber.org/goleak"

	"github.com/specify-cli/specify/internal/bubble"
)

var errDown = errors.New("down")

// report lets one call pass b and reports err for it.
func report(t *testing.T, b *Breaker, err error) {
	t.Helper()
	pass, refused := b.Allow()
	if refused != nil {
		t.Fatalf("Allow: %v", refused)
	}
	pass.Done(err)
}

func wantRefused(t *testing.T, b *Breaker, retryAt time.Time) {
	t.Helper()
	_, err := b.Allow()
	open, ok := errors.AsType[*OpenError](err)
	if !ok || !errors.Is(err, gobreaker.ErrOpenState) {
		t.Fatalf("Allow: %v, want an *OpenError that is ErrOpenState", err)
	}
	if !open.RetryAt.Equal(retryAt) {
		t.Fatalf("RetryAt %v, want %v", open.RetryAt, retryAt)
	}
}

// The key of a dead host is given up two minutes after it opened first: rounds
// after 1, 2, 4, 8, 16, 32 and 60 s, and not a nanosecond early.
func TestBreakerCooldownGrows(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		cfg := DefaultBreakerConfig()
		cfg.Key = "h"
		b := NewBreaker(cfg)
		for range 5 {
			if b.State() != BreakerClosed {
				t.Fatal("open before the fifth failure")
			}
			report(t, b, errDown)
		}
		opened := time.Now()
		for _, cooldown := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			cooldown *= time.Second
			if b.State() != BreakerOpen {
				t.Fatalf("%v, want open", b.State())
			}
			retryAt := time.Now().Add(cooldown)
			wantRefused(t, b, retryAt)
			time.Sleep(cooldown - 1)
			wantRefused(t, b, retryAt)
			if got, want := b.Exhausted(), time.Since(opened) > 123*time.Second; got != want {
				t.Fatalf("%v after opening: exhausted is %v", time.Since(opened), got)
			}
			time.Sleep(time.Nanosecond)
			report(t, b, errDown) // one failed probe ends the round
		}
		if !b.Exhausted() {
			t.Error("not exhausted after two full rounds")
		}

		// Closing resets the cooldown.
		time.Sleep(time.Minute)
		report(t, b, nil)
		if b.State() != BreakerHalfOpen || !b.Exhausted() {
			t.Errorf("%v, exhausted %v after one success of two", b.State(), b.Exhausted())
		}
		report(t, b, nil)
		if b.State() != BreakerClosed || b.Exhausted() || !b.RetryAt().IsZero() {
			t.Errorf("%v, exhausted %v, retry at %v after two successes", b.State(), b.Exhausted(), b.RetryAt())
		}
		for range 5 {
			report(t, b, errDown)
		}
		wantRefused(t, b, time.Now().Add(time.Second))
		if got, want := b.Counts(), (BreakerCounts{Allowed: 20, Refused: 17, Failures: 18}); got != want {
			t.Errorf("counts %+v, want %+v", got, want)
		}
	})
}

func TestBreakerConsecutive(t *testing.T) {
	b := NewBreaker(BreakerConfig{Failures: 3})
	for range 100 { // never three in a row
		report(t, b, errDown)
		report(t, b, errDown)
		report(t, b, nil)
	}
	report(t, b, errDown)
	report(t, b, errDown)
	if got := b.Counts().Consecutive; got != 2 || b.State() != BreakerClosed {
		t.Fatalf("%d in a row, %v", got, b.State())
	}
	// What does not count neither adds to the row nor breaks it.
	for range 10 {
		report(t, b, fmt.Errorf("dial: %w", ErrNotCounted))
	}
	if b.State() != BreakerClosed {
		t.Fatal("opened by results that do not count")
	}
	report(t, b, errDown)
	if b.State() != BreakerOpen {
		t.Fatal("closed after three in a row")
	}
}

func TestBreakerNeverOpens(t *testing.T) {
	for _, failures := range []int{0, -1} {
		b := NewBreaker(BreakerConfig{Failures: failures, Trip: func(uint32) bool { return true }})
		for range 1000 {
			report(t, b, errDown)
		}
	}
}

func TestBreakerTrip(t *testing.T) {
	var retried atomic.Bool
	var asked []uint32
	b := NewBreaker(BreakerConfig{Failures: 3, Trip: func(n uint32) bool {
		asked = append(asked, n)
		return retried.Load()
	}})
	for range 5 {
		report(t, b, errDown)
	}
	if b.State() != BreakerClosed {
		t.Fatal("opened although Trip said no")
	}
	retried.Store(true)
	report(t, b, errDown)
	if b.State() != BreakerOpen {
		t.Fatal("closed although Trip said yes")
	}
	if diff := cmp.Diff([]uint32{3, 4, 5, 6}, asked); diff != "" {
		t.Error(diff)
	}
}

func TestBreakerProbes(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		b := NewBreaker(BreakerConfig{Failures: 1, Successes: 3, ProbeTimeout: time.Minute})
		late, _ := b.Allow()
		report(t, b, errDown)
		time.Sleep(time.Second)

		// Fifty come at once: three pass.
		var probes []Pass
		for range 50 {
			if pass, err := b.Allow(); err == nil {
				probes = append(probes, pass)
			}
		}
		if len(probes) != 3 {
			t.Fatalf("%d probes, want 3", len(probes))
		}
		wantRefused(t, b, time.Time{})

		// One that does not count gives its slot back, once.
		probes[0].Done(ErrNotCounted)
		probes[0].Done(ErrNotCounted)
		again, err := b.Allow()
		if err != nil {
			t.Fatalf("no slot came back: %v", err)
		}
		wantRefused(t, b, time.Time{})

		// A result from before the round says nothing about it.
		late.Done(errDown)
		probes[1].Done(nil)
		probes[1].Done(errDown)
		probes[2].Done(nil)
		if b.State() != BreakerHalfOpen {
			t.Fatalf("%v before the third success", b.State())
		}
		again.Done(nil)
		if b.State() != BreakerClosed {
			t.Fatalf("%v after the third success", b.State())
		}
	})
}

// gobreaker alone stays half-open for ever when a probe is never reported.
func TestBreakerForgottenProbe(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		b := NewBreaker(BreakerConfig{Key: "h", Failures: 1, Successes: 1})
		report(t, b, errDown)
		time.Sleep(time.Second)
		ended := make(chan struct{})
		var forgotten Pass
		go func() {
			defer close(ended)
			forgotten, _ = b.Allow()
			runtime.Goexit()
		}()
		<-ended
		time.Sleep(5*time.Minute - 1)
		wantRefused(t, b, time.Time{})
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		wantRefused(t, b, time.Now().Add(2*time.Second))
		time.Sleep(2 * time.Second)
		probe, err := b.Allow()
		if err != nil {
			t.Fatal(err)
		}
		forgotten.Done(nil) // too late
		if b.State() != BreakerHalfOpen {
			t.Fatalf("%v after a late result", b.State())
		}
		probe.Done(nil)
		if b.State() != BreakerClosed {
			t.Fatalf("%v after the probe's success", b.State())
		}
		time.Sleep(time.Hour) // no timer of a reported probe is left to fire
		synctest.Wait()
		if b.State() != BreakerClosed {
			t.Fatalf("%v an hour later", b.State())
		}
	})
}

func TestBreakerOnChange(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		start := time.Now()
		var log []string
		var b *Breaker
		var nested []Pass
		b = NewBreaker(BreakerConfig{Failures: 1, Successes: 1, OnChange: func(from, to BreakerState, retryAt time.Time) {
			s := fmt.Sprintf("%v > %v", from, to)
			if !retryAt.IsZero() {
				s += fmt.Sprintf(" until %v", retryAt.Sub(start))
			}
			log = append(log, s)
			if to == BreakerClosed && len(nested) == 0 {
				pass, _ := b.Allow() // no lock is held
				nested = append(nested, pass)
				pass.Done(errDown) // its change is told after this one
				log = append(log, "told of closed")
			}
		}})
		report(t, b, errDown)
		time.Sleep(time.Second)
		report(t, b, nil)
		want := []string{
			"closed > open until 1s",
			"open > half-open",
			"half-open > closed",
			"told of closed",
			"closed > open until 2s",
		}
		if diff := cmp.Diff(want, log); diff != "" {
			t.Error(diff)
		}
	})
}

func TestBreakerOnChangePanics(t *testing.T) {
	var told int
	b := NewBreaker(BreakerConfig{Failures: 1, Cooldown: 1, Successes: 1, OnChange: func(from, to BreakerState, _ time.Time) {
		if told++; told == 1 {
			panic("in OnChange")
		}
	}})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		report(t, b, errDown)
	}()
	for deadline := time.Now().Add(5 * time.Second); b.State() != BreakerClosed; {
		if time.Now().After(deadline) {
			t.Fatal("the breaker hangs after a panic in OnChange")
		}
		if pass, err := b.Allow(); err == nil {
			pass.Done(nil)
		}
	}
	if told != 3 {
		t.Errorf("told %d times, want 3", told)
	}
}

// Whatever many goroutines do to one breaker, the changes that it tells make a
// chain, and it can always be closed afterwards.
func TestBreakerStress(t *testing.T) {
	defer goleak.VerifyNone(t)
	rounds := 1000
	if testing.Short() {
		rounds = 200
	}
	var (
		mu      sync.Mutex
		chain   []BreakerState
		probing atomic.Int64
	)
	b := NewBreaker(BreakerConfig{Failures: 3, Cooldown: time.Microsecond, MaxCooldown: 4 * time.Microsecond, Successes: 2,
		OnChange: func(from, to BreakerState, _ time.Time) {
			mu.Lock()
			defer mu.Unlock()
			if len(chain) > 0 && chain[len(chain)-1] != from {
				t.Errorf("told of %v > %v after %v", from, to, chain[len(chain)-1])
			}
			chain = append(chain, to)
		}})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range rounds {
				pass, err := b.Allow()
				if err != nil {
					runtime.Gosched()
					continue
				}
				probing.Add(1)
				pass.Done([]error{nil, errDown, errDown, ErrNotCounted}[rand.N(4)])
				pass.Done(errDown) // must not count
			}
		})
	}
	wg.Wait()
	if probing.Load() == 0 || len(chain) == 0 {
		t.Fatal("nothing happened")
	}
	for deadline := time.Now().Add(5 * time.Second); b.State() != BreakerClosed; {
		if time.Now().After(deadline) {
			t.Fatalf("wedged in %v", b.State())
		}
		if pass, err := b.Allow(); err == nil {
			pass.Done(nil)
		}
	}
	c := b.Counts()
	if c.Failures == 0 || c.Failures > c.Allowed {
		t.Errorf("counts %+v", c)
	}
}

func BenchmarkBreakerAllow(b *testing.B) {
	b.Run("passing", func(b *testing.B) {
		br := NewBreaker(DefaultBreakerConfig())
		b.ReportAllocs()
		for b.Loop() {
			pass, err := br.Allow()
			if err != nil {
				b.Fatal(err)
			}
			pass.Done(nil)
		}
	})
	b.Run("failing", func(b *testing.B) { // every other result a failure
		br := NewBreaker(DefaultBreakerConfig())
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			pass, err := br.Allow()
			if err != nil {
				b.Fatal(err)
			}
			if i%2 == 0 {
				pass.Done(errDown)
			} else {
				pass.Done(nil)
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		br := NewBreaker(BreakerConfig{Failures: 1, Cooldown: time.Hour, MaxCooldown: time.Hour})
		pass, _ := br.Allow()
		pass.Done(errDown)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := br.Allow(); err == nil {
				b.Fatal("passed")
			}
		}
	})
	b.Run("keyed", func(b *testing.B) {
		bs := NewBreakers(BreakersConfig{})
		b.ReportAllocs()
		for b.Loop() {
			pass, err := bs.Allow("https://example.com:443")
			if err != nil {
				b.Fatal(err)
			}
			pass.Done(nil)
		}
	})
	b.Run("gobreaker", func(b *testing.B) { // TwoStep itself, for comparison
		gb := gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{})
		b.ReportAllocs()
		for b.Loop() {
			done, err := gb.Allow()
			if err != nil {
				b.Fatal(err)
			}
			done(nil)
		}
	})
}
