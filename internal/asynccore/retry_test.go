package asynccore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/bubble"
)

// waitError asks for a wait, as a response with Retry-After does.
type waitError struct{ after time.Duration }

func (e *waitError) Error() string             { return "503 Service Unavailable" }
func (e *waitError) RetryAfter() time.Duration { return e.after }

func TestDelay(t *testing.T) {
	seed := RetryPolicy{Max: 5, Base: time.Second, Cap: 30 * time.Second, Jitter: JitterNone}
	tests := []struct {
		name  string
		p     RetryPolicy
		retry int
		want  time.Duration
	}{
		{"first", seed, 1, time.Second},
		{"second", seed, 2, 2 * time.Second},
		{"fifth", seed, 5, 16 * time.Second},
		{"capped", seed, 6, 30 * time.Second},
		{"far", seed, math.MaxInt, 30 * time.Second},
		{"before the first", seed, -7, time.Second},
		{"zero value", RetryPolicy{Jitter: JitterNone}, 9, 0},
		{"no cap", RetryPolicy{Base: time.Second, Jitter: JitterNone}, 11, 1024 * time.Second},
		{"no cap, far", RetryPolicy{Base: time.Second, Jitter: JitterNone}, 64, maxWait},
		{"base over cap", RetryPolicy{Base: time.Hour, Cap: time.Minute, Jitter: JitterNone}, 1, time.Minute},
		{"constant", RetryPolicy{Base: time.Second, Factor: 1, Jitter: JitterNone}, 1000, time.Second},
		{"factor 1.5", RetryPolicy{Base: time.Second, Factor: 1.5, Jitter: JitterNone}, 3, 2250 * time.Millisecond},
		{"factor NaN", RetryPolicy{Base: time.Second, Factor: math.NaN(), Jitter: JitterNone}, 2, 2 * time.Second},
		{"factor Inf", RetryPolicy{Base: time.Second, Factor: math.Inf(1), Cap: time.Minute, Jitter: JitterNone}, 2, time.Minute},
		{"negative base", RetryPolicy{Base: -time.Second, Jitter: JitterNone}, 3, 0},
	}
	for _, tt := range tests {
		if got := tt.p.Delay(tt.retry); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Full jitter spreads callers that failed together evenly: of ten bins none
// holds twice its share.
func TestDelayFullJitter(t *testing.T) {
	p := RetryPolicy{Base: time.Second, Cap: 30 * time.Second}
	var bins [10]int
	for range 10000 {
		d := p.Delay(4) // up to 8 s
		if d < 0 || d > 8*time.Second {
			t.Fatalf("%v is not within 8s", d)
		}
		bins[min(d*10/(8*time.Second), 9)]++
	}
	for i, n := range bins {
		if n < 500 || n > 2000 {
			t.Errorf("bin %d holds %d of 10000", i, n)
		}
	}
}

func TestDelayBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := RetryPolicy{
			Base:   time.Duration(rapid.Int64().Draw(t, "base")),
			Cap:    time.Duration(rapid.Int64().Draw(t, "cap")),
			Factor: rapid.Float64().Draw(t, "factor"),
			Jitter: rapid.SampledFrom([]Jitter{JitterFull, JitterNone}).Draw(t, "jitter"),
		}
		limit := maxWait
		if p.Cap > 0 {
			limit = min(p.Cap, maxWait)
		}
		if d := p.Delay(rapid.Int().Draw(t, "retry")); d < 0 || d > limit {
			t.Fatalf("%v is not within [0, %v]", d, limit)
		}
	})
}

func TestNext(t *testing.T) {
	p := RetryPolicy{Max: 3, Base: time.Second, Cap: 30 * time.Second, Jitter: JitterNone, MaxTime: time.Minute}
	tests := []struct {
		name           string
		retry          int
		floor, elapsed time.Duration
		want           time.Duration
		err            error
	}{
		{name: "backoff", retry: 2, want: 2 * time.Second},
		{name: "the last", retry: 3, want: 4 * time.Second},
		{name: "one too many", retry: 4, err: ErrRetriesExhausted},
		{name: "floor above backoff", retry: 1, floor: 20 * time.Second, want: 20 * time.Second},
		{name: "floor above cap", retry: 1, floor: 50 * time.Second, want: 50 * time.Second},
		{name: "floor below backoff", retry: 3, floor: time.Second, want: 4 * time.Second},
		{name: "floor just fits", retry: 1, floor: 30 * time.Second, elapsed: 30*time.Second - 1, want: 30 * time.Second},
		{name: "floor does not fit", retry: 1, floor: 30 * time.Second, elapsed: 30 * time.Second, err: &RetryAfterError{After: 30 * time.Second}},
		{name: "floor of a century", retry: 1, floor: maxWait, err: &RetryAfterError{After: maxWait}},
		{name: "exhausted comes first", retry: 4, floor: maxWait, err: ErrRetriesExhausted},
		{name: "backoff does not fit", retry: 3, elapsed: 56 * time.Second, err: &MaxTimeError{time.Minute, 56 * time.Second, 4 * time.Second}},
		{name: "floor fits, backoff does not", retry: 3, floor: time.Second, elapsed: 56 * time.Second, err: &MaxTimeError{time.Minute, 56 * time.Second, 4 * time.Second}},
		{name: "time is up", retry: 1, elapsed: time.Hour, err: &MaxTimeError{time.Minute, time.Hour, time.Second}},
	}
	for _, tt := range tests {
		got, err := p.Next(tt.retry, tt.floor, tt.elapsed)
		if got != tt.want || !sameError(err, tt.err) {
			t.Errorf("%s: %v, %v; want %v, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
	p.MaxTime = 0
	if got, err := p.Next(1, maxWait, maxWait); got != maxWait || err != nil {
		t.Errorf("without MaxTime: %v, %v", got, err)
	}
	if !errors.Is(&MaxTimeError{}, ErrRetriesExhausted) {
		t.Error("a MaxTimeError is not ErrRetriesExhausted")
	}
}

func sameError(a, b error) bool {
	if a == nil || b == nil {
		return a == b
	}
	return fmt.Sprintf("%T %v", a, a) == fmt.Sprintf("%T %v", b, b)
}

// A refused wait costs the budget nothing.
func TestNextBudget(t *testing.T) {
	p := RetryPolicy{Max: 9, MaxTime: time.Minute, Budget: NewRetryBudget(0, 1)}
	if _, err := p.Next(10, 0, 0); err != ErrRetriesExhausted {
		t.Error(err)
	}
	if _, err := p.Next(1, time.Hour, 0); !sameError(err, &RetryAfterError{time.Hour}) {
		t.Error(err)
	}
	if _, err := p.Next(1, 0, 0); err != nil {
		t.Error(err)
	}
	if wait, err := p.Next(2, time.Second, 0); err != ErrRetryBudget || wait != 0 {
		t.Error(wait, err)
	}
}

// Each case is a timeline: what fn returns on each attempt, when the attempts
// began, and how Retry ended.
func TestRetryTimeline(t *testing.T) {
	defer goleak.VerifyNone(t)
	const s = time.Second
	down := errors.New("down")
	plain := RetryPolicy{Max: 3, Base: s, Cap: 30 * s, Jitter: JitterNone}
	with := func(change func(*RetryPolicy)) RetryPolicy {
		p := plain
		change(&p)
		return p
	}
	tests := []struct {
		name     string
		policy   RetryPolicy
		deadline time.Duration // of the context; 0: none
		takes    time.Duration // each attempt
		results  []error       // of the attempts; the last goes on
		starts   []time.Duration
		ends     time.Duration
		is       []error // what the error is
		text     string
	}{
		{name: "at once", policy: plain, results: []error{nil}, starts: []time.Duration{0}},
		{name: "third time", policy: plain, results: []error{down, down, nil}, starts: []time.Duration{0, s, 3 * s}, ends: 3 * s},
		{name: "never", policy: plain, results: []error{down}, starts: []time.Duration{0, s, 3 * s, 7 * s}, ends: 7 * s,
			is: []error{down, ErrRetriesExhausted}, text: "down after 4 attempts"},
		{name: "zero policy", results: []error{down}, starts: []time.Duration{0},
			is: []error{down, ErrRetriesExhausted}, text: "down after 1 attempt"},
		{name: "permanent", policy: plain, results: []error{down, fmt.Errorf("get: %w", Permanent(down))}, starts: []time.Duration{0, s}, ends: s,
			is: []error{down}, text: "get: down after 2 attempts"},
		{name: "retry after", policy: plain, results: []error{fmt.Errorf("get: %w", &waitError{10 * s}), &waitError{1}, nil},
			starts: []time.Duration{0, 10 * s, 12 * s}, ends: 12 * s},
		{name: "retry after, negative", policy: plain, results: []error{&waitError{-10 * s}, nil}, starts: []time.Duration{0, s}, ends: s},
		{name: "retry after too long", policy: with(func(p *RetryPolicy) { p.MaxTime = time.Minute }), results: []error{&waitError{time.Hour}},
			starts: []time.Duration{0}, text: "503 Service Unavailable after 1 attempt: asked to wait 1h0m0s, which does not fit the time left"},
		{name: "retry after over the deadline", policy: plain, deadline: time.Minute, results: []error{down, &waitError{time.Minute}},
			starts: []time.Duration{0, s}, ends: s,
			text: "503 Service Unavailable after 2 attempts: asked to wait 1m0s, which does not fit the time left"},
		{name: "max time", policy: with(func(p *RetryPolicy) { p.MaxTime = 5 * s }), takes: s, results: []error{down},
			starts: []time.Duration{0, 2 * s}, ends: 3 * s, is: []error{down, ErrRetriesExhausted},
			text: "down after 2 attempts: retry time of 5s is used up: 3s have passed and the next wait is 2s"},
		{name: "deadline", policy: plain, deadline: 3 * s, results: []error{down}, starts: []time.Duration{0, s}, ends: s,
			is: []error{down, context.DeadlineExceeded}, text: "down after 2 attempts: backoff of 2s does not fit the 2s before the deadline"},
		{name: "deadline just fits", policy: plain, deadline: 3*s + 1, results: []error{down, down, nil}, starts: []time.Duration{0, s, 3 * s}, ends: 3 * s},
		{name: "budget", policy: with(func(p *RetryPolicy) { p.Budget = NewRetryBudget(0.2, 1) }), results: []error{down},
			starts: []time.Duration{0, s}, ends: s, is: []error{down, ErrRetryBudget, ErrRetriesExhausted},
			text: "down after 2 attempts: retries exhausted: the retry budget is spent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				begin := time.Now()
				ctx := t.Context()
				if tt.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				var starts []time.Duration
				v, err := Retry(ctx, tt.policy, func(ctx context.Context, attempt int) (string, error) {
					starts = append(starts, time.Since(begin))
					if attempt != len(starts) {
						t.Errorf("attempt %d, want %d", attempt, len(starts))
					}
					time.Sleep(tt.takes)
					return "value", tt.results[min(attempt, len(tt.results))-1]
				})
				if diff := cmp.Diff(tt.starts, starts); diff != "" {
					t.Errorf("attempts began at (-want +got):\n%s", diff)
				}
				if got := time.Since(begin); got != tt.ends {
					t.Errorf("ended after %v, want %v", got, tt.ends)
				}
				if tt.text == "" {
					if v != "value" || err != nil {
						t.Errorf("%q, %v", v, err)
					}
					return
				}
				failed, ok := errors.AsType[*RetryError](err)
				if !ok || failed.Attempts != len(starts) || v != "" {
					t.Fatalf("%q, %#v", v, err)
				}
				if err.Error() != tt.text {
					t.Errorf("%q, want %q", err, tt.text)
				}
				for _, target := range tt.is {
					if !errors.Is(err, target) {
						t.Errorf("%v is not %v", err, target)
					}
				}
			})
		})
	}
}

func TestRetryCanceled(t *testing.T) {
	defer goleak.VerifyNone(t)
	cause := errors.New("the user left")
	p := RetryPolicy{Max: 9, Base: time.Hour, Jitter: JitterNone}
	bubble.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		begin := time.Now()
		time.AfterFunc(time.Minute, func() { cancel(cause) })
		_, err := Retry(ctx, p, func(context.Context, int) (int, error) { return 0, errDown })
		failed, ok := errors.AsType[*RetryError](err)
		if !ok || failed.Attempts != 1 || !errors.Is(err, cause) || !errors.Is(err, errDown) || time.Since(begin) != time.Minute {
			t.Errorf("cancel while waiting: %v after %v", err, time.Since(begin))
		}
		called := false
		_, err = Retry(ctx, p, func(context.Context, int) (int, error) { called = true; return 0, nil })
		if err != cause || called {
			t.Errorf("cancel before the first attempt: %v, called %v", err, called)
		}
	})
	bubble.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		begin := time.Now()
		_, err := Retry(ctx, p, func(context.Context, int) (int, error) { cancel(cause); return 0, errDown })
		if !errors.Is(err, cause) || !errors.Is(err, errDown) || time.Since(begin) != 0 {
			t.Errorf("cancel in an attempt: %v after %v", err, time.Since(begin))
		}
	})
}

// Each Retry is a request to the budget: with half a retry a request, every
// second call that fails may retry once.
func TestRetryFillsBudget(t *testing.T) {
	p := RetryPolicy{Max: 1, Budget: NewRetryBudget(0.5, 1)}
	var attempts []int
	for range 6 {
		_, err := Retry(t.Context(), p, func(context.Context, int) (int, error) { return 0, errDown })
		failed, _ := errors.AsType[*RetryError](err)
		attempts = append(attempts, failed.Attempts)
	}
	if diff := cmp.Diff([]int{2, 1, 2, 1, 2, 1}, attempts); diff != "" {
		t.Error(diff)
	}
}

func TestPermanent(t *testing.T) {
	if Permanent(nil) != nil {
		t.Error("Permanent(nil) is an error")
	}
	err := Permanent(errDown)
	if !errors.Is(err, errDown) || err.Error() != "down" {
		t.Errorf("%v does not read as what it wraps", err)
	}
}

// The seed's pattern "Retry with Exponential Backoff": 1s, 2s, 4s, 8s, 16s.
func ExampleRetry() {
	policy := RetryPolicy{Max: 5, Base: time.Millisecond, Factor: 2, Jitter: JitterNone}
	body, err := Retry(context.Background(), policy, func(ctx context.Context, attempt int) (string, error) {
		if attempt < 3 {
			return "", errors.New("503 Service Unavailable")
		}
		return fmt.Sprintf("answer of attempt %d", attempt), nil
	})
	fmt.Println(body, err)

	_, err = Retry(context.Background(), policy, func(ctx context.Context, attempt int) (string, error) {
		return "", Permanent(errors.New("404 Not Found"))
	})
	fmt.Println(err)
	// Output:
	// answer of attempt 3 <nil>
	// 404 Not Found after 1 attempt
}

// The seed's pattern "Error Recovery with Retries": the breaker counts each
// attempt, and once it is open no attempt is made.
func ExampleRetry_breaker() {
	breakers := NewBreakers(BreakersConfig{Configure: func(string) BreakerConfig {
		return BreakerConfig{Failures: 2}
	}})
	asked := 0
	_, err := Retry(context.Background(), RetryPolicy{Max: 3, Base: time.Millisecond}, func(ctx context.Context, attempt int) (string, error) {
		body, err := WithBreaker(ctx, breakers, "api", func(context.Context) (string, error) {
			asked++
			return "", errors.New("connection refused")
		})
		if open, ok := errors.AsType[*OpenError](err); ok {
			return "", Permanent(fmt.Errorf("%s is down", open.Key))
		}
		return body, err
	})
	fmt.Println(err, "- asked", asked, "times")
	// Output: api is down after 3 attempts - asked 2 times
}

func BenchmarkRetryNext(b *testing.B) {
	p := RetryPolicy{Max: 5, Base: time.Second, Cap: 30 * time.Second, MaxTime: time.Hour}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Next(3, 0, time.Second); err != nil {
			b.Fatal(err)
		}
	}
}
