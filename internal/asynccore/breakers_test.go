package asynccore

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/specify-cli/specify/internal/bubble"
)

func TestBreakers(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		bs := NewBreakers(BreakersConfig{MaxKeys: 3})
		fail := func(key string) {
			t.Helper()
			for range 5 {
				pass, err := bs.Allow(key)
				if err != nil {
					t.Fatal(err)
				}
				pass.Done(errDown)
			}
		}
		pass := func(key string) bool {
			pass, err := bs.Allow(key)
			if err == nil {
				pass.Done(nil)
			}
			return err == nil
		}
		fail("a")
		if bs.State("a") != BreakerOpen || !bs.RetryAt("a").Equal(time.Now().Add(time.Second)) {
			t.Fatalf("a: %v until %v", bs.State("a"), bs.RetryAt("a"))
		}
		if bs.State("b") != BreakerClosed || !bs.RetryAt("b").IsZero() || !pass("b") {
			t.Fatal("b suffers from a")
		}
		_, err := bs.Allow("a")
		if open, ok := errors.AsType[*OpenError](err); !ok || open.Key != "a" {
			t.Fatalf("Allow: %v", err)
		}
		// Closed ones make room first, the oldest of them before others.
		pass("c")
		pass("b")
		pass("d") // drops c
		if _, ok := bs.keys.peek("c"); ok || bs.State("a") != BreakerOpen {
			t.Error("d did not take the place of c")
		}
		if _, ok := bs.keys.peek("b"); !ok {
			t.Error("b was dropped before c")
		}
		// With no closed one left the oldest goes: a, then b.
		fail("b")
		fail("d")
		fail("e")
		if bs.State("a") != BreakerClosed || bs.State("b") != BreakerOpen {
			t.Errorf("a %v, b %v", bs.State("a"), bs.State("b"))
		}
		for i := range 100 {
			fail(fmt.Sprint(i))
		}
		if n := len(bs.keys.byKey); n != 3 || bs.keys.recent.Len() != 3 {
			t.Errorf("%d keys, want 3", n)
		}
	})
}

func TestWithBreaker(t *testing.T) {
	bs := NewBreakers(BreakersConfig{Configure: func(key string) BreakerConfig {
		return BreakerConfig{Failures: 1}
	}})
	ctx := t.Context()
	ended, cancel := context.WithCancelCause(ctx)
	cause := errors.New("the user left")

	v, err := WithBreaker(ctx, bs, "ok", func(context.Context) (int, error) { return 7, nil })
	if v != 7 || err != nil {
		t.Errorf("%d, %v", v, err)
	}

	_, err = WithBreaker(ended, bs, "canceled", func(ctx context.Context) (int, error) {
		cancel(cause)
		return 0, ctx.Err()
	})
	if err != context.Canceled || bs.State("canceled") != BreakerClosed {
		t.Errorf("%v, %v after a cancel", err, bs.State("canceled"))
	}
	_, err = WithBreaker(ended, bs, "canceled", func(ctx context.Context) (int, error) {
		t.Error("called under an ended context")
		return 0, nil
	})
	if err != cause {
		t.Errorf("%v, want the cause", err)
	}

	_, err = WithBreaker(ctx, bs, "timeout", func(ctx context.Context) (int, error) {
		attempt, cancel := context.WithTimeout(ctx, 1)
		defer cancel()
		<-attempt.Done()
		return 0, attempt.Err()
	})
	if err != context.DeadlineExceeded || bs.State("timeout") != BreakerOpen {
		t.Errorf("%v, %v after a timeout of its own", err, bs.State("timeout"))
	}
	_, err = WithBreaker(ctx, bs, "timeout", func(ctx context.Context) (int, error) {
		t.Error("called with an open breaker")
		return 0, nil
	})
	if !errors.Is(err, gobreaker.ErrOpenState) {
		t.Errorf("%v, want a refusal", err)
	}

	func() {
		defer func() {
			if p := recover(); p != "in fn" {
				t.Errorf("recovered %v", p)
			}
		}()
		WithBreaker(ctx, bs, "panic", func(context.Context) (int, error) { panic("in fn") })
	}()
	if bs.State("panic") != BreakerOpen {
		t.Errorf("%v after a panic", bs.State("panic"))
	}
}

// The seed's pattern "Circuit Breaker for Fault Tolerance": open after five
// failures, probe later, close after two successes.
func ExampleBreakers() {
	breakers := NewBreakers(BreakersConfig{}) // 5 failures, 1 s growing to 60 s, 2 successes
	get := func(ctx context.Context) (string, error) { return "", errors.New("503 Service Unavailable") }
	for range 6 {
		_, err := WithBreaker(context.Background(), breakers, "https://api.example.com", get)
		if open, ok := errors.AsType[*OpenError](err); ok {
			fmt.Println("not asked:", open.Key, "is", breakers.State(open.Key))
			continue
		}
		fmt.Println(err)
	}
	// Output:
	// 503 Service Unavailable
	// 503 Service Unavailable
	// 503 Service Unavailable
	// 503 Service Unavailable
	// 503 Service Unavailable
	// not asked: https://api.example.com is open
}
