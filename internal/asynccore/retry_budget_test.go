package asynccore

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

func TestRetryBudget(t *testing.T) {
	b := NewRetryBudget(0.25, 2)
	take := func(want bool) {
		t.Helper()
		if got := b.take(); got != want {
			t.Fatalf("take: %v, want %v", got, want)
		}
	}
	take(true)
	take(true)
	take(false)
	for range 3 {
		b.Request()
	}
	take(false)
	b.Request() // the fourth
	take(true)
	take(false)
	for range 1000 { // a long good time saves up no storm
		b.Request()
	}
	take(true)
	take(true)
	take(false)
}

func TestRetryBudgetLimits(t *testing.T) {
	var none *RetryBudget
	none.Request()
	for range 100 {
		if !none.take() {
			t.Fatal("a nil budget ran out")
		}
	}
	b := NewRetryBudget(-1, -1)
	b.Request()
	if !b.take() || b.take() {
		t.Error("want exactly one retry")
	}
	if !errors.Is(ErrRetryBudget, ErrRetriesExhausted) {
		t.Error("ErrRetryBudget is not ErrRetriesExhausted")
	}
}

// In any stretch of requests and retries the retries stay within
// minimum + ratio*requests of that stretch.
func TestRetryBudgetEveryStretch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ratio := float64(rapid.IntRange(0, 8).Draw(t, "eighths")) / 8 // exact in binary
		minimum := rapid.IntRange(1, 5).Draw(t, "minimum")
		b := NewRetryBudget(ratio, minimum)
		events := rapid.SliceOfN(rapid.Bool(), 1, 60).Draw(t, "retry?")
		taken := make([]bool, len(events))
		for i, retry := range events {
			if retry {
				taken[i] = b.take()
			} else {
				b.Request()
			}
		}
		for from := range events {
			requests, retries := 0, 0
			for i, retry := range events[from:] {
				if !retry {
					requests++
				} else if taken[from+i] {
					retries++
				}
				if float64(retries) > float64(minimum)+ratio*float64(requests) {
					t.Fatalf("%d retries for %d requests from event %d", retries, requests, from)
				}
			}
		}
	})
}

func TestRetryBudgetRace(t *testing.T) {
	b := NewRetryBudget(0.5, 10)
	var taken atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				b.Request()
				for range 3 {
					if b.take() {
						taken.Add(1)
					}
				}
			}
		})
	}
	wg.Wait()
	if n := taken.Load(); n > 2010 || n < 1000 {
		t.Errorf("%d retries for 4000 requests", n)
	}
}
