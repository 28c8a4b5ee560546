package asynccore_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
)

func TestWithTimeout(t *testing.T) {
	const limit = 5 * time.Second
	stop, boom := errors.New("stop"), errors.New("boom")
	obeys := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	after := func(d time.Duration, err error) func(context.Context) error {
		return func(context.Context) error { time.Sleep(d); return err }
	}
	tests := []struct {
		name    string
		fn      func(context.Context) error
		stop    time.Duration // when the caller cancels; 0 is never
		took    time.Duration
		err     string
		is      error
		timeout bool // the error is a *TimeoutError
	}{
		{name: "in time", fn: after(time.Second, nil), took: time.Second},
		{name: "fails in time", fn: after(time.Second, boom), took: time.Second, err: "boom", is: boom},
		{name: "obeys", fn: obeys, took: limit, err: "operation timed out after 5s", is: context.DeadlineExceeded, timeout: true},
		{
			name: "returns the cause", fn: func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) },
			took: limit, err: "operation timed out after 5s", is: context.DeadlineExceeded, timeout: true,
		},
		{
			name: "fails in its own words", fn: after(6*time.Second, boom),
			took: 6 * time.Second, err: "operation timed out after 5s: boom", is: boom, timeout: true,
		},
		{name: "does not listen", fn: after(9*time.Second, nil), took: 9 * time.Second},
		{name: "caller cancels", fn: obeys, stop: time.Second, took: time.Second, err: "context canceled", is: context.Canceled},
		{
			name: "cancelled, then late", fn: func(ctx context.Context) error { <-ctx.Done(); time.Sleep(limit); return context.Cause(ctx) },
			stop: time.Second, took: 6 * time.Second, err: "stop", is: stop,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if tt.stop > 0 {
					time.AfterFunc(tt.stop, func() { cancel(stop) })
				}
				start := time.Now()
				err := asynccore.WithTimeout(ctx, limit, tt.fn)
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if errorText(err) != tt.err || !errors.Is(err, tt.is) {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				timeout, ok := errors.AsType[*asynccore.TimeoutError](err)
				if ok != tt.timeout || ok && timeout.After != limit {
					t.Errorf("timeout %v, want one: %v", timeout, tt.timeout)
				}
			})
		})
	}
}

func TestWithTimeoutNotCalled(t *testing.T) {
	called := func(context.Context) error { t.Error("called"); return nil }
	if err := asynccore.WithTimeout(t.Context(), 0, called); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no time: %v", err)
	}
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	if err := asynccore.WithTimeout(ctx, time.Hour, called); err != stop {
		t.Errorf("dead context: %v, want %v", err, stop)
	}
}

// The nearest limit names itself: the caller's is not taken for one's own.
func TestWithTimeoutNested(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		err := asynccore.WithTimeout(t.Context(), time.Second, func(ctx context.Context) error {
			inner := asynccore.WithTimeout(ctx, time.Minute, func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			})
			if inner != context.DeadlineExceeded {
				t.Errorf("inner error %v, want the context's", inner)
			}
			return inner
		})
		if timeout, ok := errors.AsType[*asynccore.TimeoutError](err); !ok || timeout.After != time.Second {
			t.Errorf("outer error %v, want the outer limit", err)
		}
	})
}

// A panic and Goexit go through WithTimeout as through any function, so t.FailNow
// works in fn.
func TestWithTimeoutPasses(t *testing.T) {
	for name, leave := range map[string]func(){"panic": func() { panic("bug") }, "goexit": runtime.Goexit} {
		var returned bool
		var value any
		var caller sync.WaitGroup
		caller.Go(func() {
			defer func() { value = recover() }()
			_ = asynccore.WithTimeout(t.Context(), time.Hour, func(context.Context) error { leave(); return nil })
			returned = true
		})
		caller.Wait()
		if returned || (value == "bug") != (name == "panic") {
			t.Errorf("%s: returned %v, recovered %v", name, returned, value)
		}
	}
}

func BenchmarkWithTimeout(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if err := asynccore.WithTimeout(b.Context(), time.Hour, func(context.Context) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
