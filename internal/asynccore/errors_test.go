package asynccore_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/specify-cli/specify/internal/asynccore"
)

// Every failure says what it is by its type, and keeps its cause.
func TestErrors(t *testing.T) {
	at := time.Date(2026, 11, 22, 17, 41, 3, 0, time.UTC)
	tests := []struct {
		err     error
		text    string
		is      []error
		timeout bool
	}{
		{err: asynccore.ErrClosed, text: "closed"},
		{err: asynccore.ErrQueueFull, text: "queue full"},
		{err: asynccore.ErrQueueEmpty, text: "queue empty"},
		{err: asynccore.ErrGoexit, text: "goroutine ended by runtime.Goexit"},
		{err: &asynccore.PanicError{Value: "oh"}, text: "panic: oh"},
		{err: &asynccore.PanicError{Value: io.EOF}, text: "panic: EOF", is: []error{io.EOF}},
		{err: &asynccore.TimeoutError{Op: "job", After: time.Second}, text: "job timed out after 1s",
			is: []error{context.DeadlineExceeded}, timeout: true},
		{err: &asynccore.DeadlineError{Op: "backoff", Wait: time.Minute, Left: time.Second},
			text: "backoff of 1m0s does not fit the 1s before the deadline",
			is:   []error{context.DeadlineExceeded}, timeout: true},
		{err: &asynccore.TooLongError{What: "line 3", Max: 10}, text: "line 3 is over 10 bytes"},
		{err: &asynccore.IndexError{Index: 3, Err: io.EOF}, text: "[3] EOF", is: []error{io.EOF}},
		{err: &asynccore.OpenError{Key: "h", RetryAt: at}, text: `circuit breaker of "h" is open until 2026-11-22T17:41:03Z`,
			is: []error{gobreaker.ErrOpenState}},
		{err: &asynccore.OpenError{Key: "h"}, text: `circuit breaker of "h" is being probed`, is: []error{gobreaker.ErrOpenState}},
		{err: &asynccore.PoolBusyError{Left: 2, Err: io.EOF}, text: "close pool: 2 resources still in use: EOF", is: []error{io.EOF}},
		{err: asynccore.ErrRetryBudget, text: "retries exhausted: the retry budget is spent", is: []error{asynccore.ErrRetriesExhausted}},
		{err: &asynccore.RetryAfterError{After: time.Hour}, text: "asked to wait 1h0m0s, which does not fit the time left"},
		{err: &asynccore.MaxTimeError{MaxTime: time.Minute, Elapsed: time.Second, Wait: time.Hour},
			text: "retry time of 1m0s is used up: 1s have passed and the next wait is 1h0m0s", is: []error{asynccore.ErrRetriesExhausted}},
		{err: &asynccore.RetryError{Attempts: 2, Err: io.EOF, Reason: asynccore.ErrRetryBudget},
			text: "EOF after 2 attempts: retries exhausted: the retry budget is spent", is: []error{io.EOF, asynccore.ErrRetryBudget}},
	}
	targets := []error{io.EOF, context.DeadlineExceeded, gobreaker.ErrOpenState, asynccore.ErrRetryBudget,
		asynccore.ErrClosed, asynccore.ErrQueueFull, asynccore.ErrQueueEmpty, asynccore.ErrGoexit}
	for _, tt := range tests {
		if tt.err.Error() != tt.text {
			t.Errorf("%T: %q, want %q", tt.err, tt.err, tt.text)
		}
		for _, target := range tt.is {
			if !errors.Is(tt.err, target) {
				t.Errorf("%v is not %v", tt.err, target)
			}
		}
		for _, target := range targets { // and is nothing else
			if target != tt.err && !slices.Contains(tt.is, target) && errors.Is(tt.err, target) {
				t.Errorf("%v is %v", tt.err, target)
			}
		}
		var timeout interface{ Timeout() bool }
		if got := errors.As(tt.err, &timeout) && timeout.Timeout(); got != tt.timeout {
			t.Errorf("%v: timeout is %v", tt.err, got)
		}
	}
}

// A panic that was passed on from one goroutine to the next, by a stream and by
// what iterates it, is still the first one, with the stack of the fault.
func TestPanicPassedOn(t *testing.T) {
	faulty := asynccore.Map(asynccore.FromSlice([]int{1}), func(n int) (int, error) { return explode(n - 1), nil }).Buffer(1)
	collect := func(context.Context) (int, error) { return faulty.Count() }
	values := func(yield func(int) bool) {
		for v := range faulty {
			if !yield(v) {
				return
			}
		}
	}
	for name, run := range map[string]func() any{
		"Settle": func() any { return asynccore.Settle(t.Context(), 1, collect)[0].Err },
		"Background": func() any {
			_, err := asynccore.Background(t.Context(), collect).Wait(t.Context())
			return err
		},
		"AsCompleted": func() (value any) {
			defer func() { value = recover() }()
			for range asynccore.AsCompleted(t.Context(), 1, values, func(context.Context, int) (int, error) { return 0, nil }) {
			}
			return nil
		},
		"Merge": func() (value any) {
			defer func() { value = recover() }()
			_, err := asynccore.Merge(t.Context(), faulty).Count()
			return err
		},
	} {
		p, ok := run().(*asynccore.PanicError)
		if !ok {
			t.Fatalf("%s: no panic", name)
		}
		if _, ok := p.Value.(error); !ok || p.Error() != "panic: runtime error: integer divide by zero" {
			t.Errorf("%s: %v", name, p)
		}
		if !strings.Contains(string(p.Stack), "asynccore_test.explode") {
			t.Errorf("%s: the stack does not show who panicked:\n%s", name, p.Stack)
		}
	}
}

func TestCatch(t *testing.T) {
	failed := errors.New("no")
	if err := asynccore.Catch(func() error { return failed }); err != failed {
		t.Errorf("%v, want the function's own error", err)
	}
	err := asynccore.Catch(func() error { panic(failed) })
	if p, ok := errors.AsType[*asynccore.PanicError](err); !ok || !errors.Is(err, failed) || len(p.Stack) == 0 {
		t.Errorf("%v, want a *PanicError with its stack", err)
	}
	first := &asynccore.PanicError{Value: 1}
	if err := asynccore.Catch(func() error { panic(first) }); err != error(first) {
		t.Errorf("%v, want the panic that came first", err)
	}
}
