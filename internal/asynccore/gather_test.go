package asynccore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
)

func TestGatherOrder(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		start := time.Now()
		// The last entry ends first; two run at a time: 4+3, then 2 and 1.
		values, err := asynccore.GatherEach(t.Context(), 2, []int{4, 3, 2, 1}, func(_ context.Context, n int) (string, error) {
			time.Sleep(time.Duration(n) * time.Second)
			return fmt.Sprint(n), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"4", "3", "2", "1"}, values); diff != "" {
			t.Errorf("values (-want +got):\n%s", diff)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("took %v, want 5s", took)
		}
	})
}

// The first failure cancels the others, and Gather waits even for one that
// does not listen.
func TestGatherFirstFailure(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		boom := errors.New("boom")
		start := time.Now()
		var heard error
		values, err := asynccore.Gather(t.Context(), 3,
			func(context.Context) (int, error) { return 1, nil },
			func(context.Context) (int, error) { time.Sleep(time.Second); return 2, boom },
			func(ctx context.Context) (int, error) { <-ctx.Done(); heard = context.Cause(ctx); return 3, heard },
			func(context.Context) (int, error) { time.Sleep(3 * time.Second); return 4, nil },
			func(context.Context) (int, error) { t.Error("started after the failure"); return 5, nil },
		)
		failure, ok := errors.AsType[*asynccore.IndexError](err)
		if !ok || failure.Index != 1 || !errors.Is(err, boom) {
			t.Errorf("error %v, want [1] boom", err)
		}
		if heard != err {
			t.Errorf("cause of the others %v, want %v", heard, err)
		}
		if diff := cmp.Diff([]int{1, 0, 0, 4, 0}, values); diff != "" {
			t.Errorf("values (-want +got):\n%s", diff)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %v, want 3s", took)
		}
	})
}

func TestGatherJoinsLaterPanics(t *testing.T) {
	boom := errors.New("boom")
	fail := func(context.Context) (int, error) { time.Sleep(time.Second); return 0, boom }
	bug := func(context.Context) (int, error) { time.Sleep(time.Second); panic("bug") }
	lateBug := func(ctx context.Context) (int, error) { <-ctx.Done(); panic("bug in the clean-up") }
	cause := func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, context.Cause(ctx) }
	wraps := func(ctx context.Context) (int, error) {
		<-ctx.Done()
		return 0, fmt.Errorf("stopped: %w", context.Cause(ctx))
	}
	tests := []struct {
		name string
		fns  []func(context.Context) (int, error)
		want string
	}{
		{"after an error", []func(context.Context) (int, error){lateBug, fail, cause}, "[1] boom\n[0] panic: bug in the clean-up"},
		{"after a panic", []func(context.Context) (int, error){lateBug, bug}, "[1] panic: bug\n[0] panic: bug in the clean-up"},
		// The last entry never starts: it too has the panic as its cause.
		{"once for all that repeat it", []func(context.Context) (int, error){cause, bug, wraps, cause}, "[1] panic: bug"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				_, err := asynccore.Gather(t.Context(), 3, tt.fns...)
				if errorText(err) != tt.want {
					t.Errorf("error %q, want %q", err, tt.want)
				}
			})
		})
	}
}

func TestGatherCallerCancels(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		stop := errors.New("stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(stop) })
		obeys := func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }
		if _, err := asynccore.Gather(ctx, 1, obeys, obeys); err != stop {
			t.Errorf("error %v, want %v", err, stop)
		}

		ctx, cancel = context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(stop) })
		ends := func(context.Context) (int, error) { time.Sleep(2 * time.Second); return 1, nil }
		values, err := asynccore.Gather(ctx, 2, ends, ends)
		if err != nil || !cmp.Equal(values, []int{1, 1}) {
			t.Errorf("entries that all ended well gave %v, %v", values, err)
		}
		if _, err := asynccore.Gather(ctx, 2, ends); err != stop {
			t.Errorf("error under a dead context %v, want %v", err, stop)
		}
	})
}

// Each entry ends in its own way; with one worker, the entry after it shows
// that the worker lived on or was replaced.
func TestSettleEndings(t *testing.T) {
	isPanic := func(value any) func(error) bool {
		return func(err error) bool {
			p, ok := errors.AsType[*asynccore.PanicError](err)
			return ok && p.Value == value
		}
	}
	is := func(target error) func(error) bool {
		return func(err error) bool { return errors.Is(err, target) }
	}
	tests := []struct {
		name string
		fn   func(context.Context) (int, error)
		want func(error) bool
	}{
		{"value", func(context.Context) (int, error) { return 1, nil }, is(nil)},
		{"error", func(context.Context) (int, error) { return 0, io.EOF }, is(io.EOF)},
		{"panic", func(context.Context) (int, error) { panic("bug") }, isPanic("bug")},
		{"panic with an error", func(context.Context) (int, error) { panic(io.EOF) }, is(io.EOF)},
		{"panic with nil", func(context.Context) (int, error) { panic(nil) }, func(err error) bool {
			_, ok := errors.AsType[*runtime.PanicNilError](err)
			return ok
		}},
		{"nil function", nil, func(err error) bool {
			_, ok := errors.AsType[runtime.Error](err)
			return ok
		}},
		{"goexit", func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }, is(asynccore.ErrGoexit)},
		{"goexit while panicking", func(context.Context) (int, error) {
			defer runtime.Goexit()
			panic("bug")
		}, is(asynccore.ErrGoexit)},
		{"panic while in goexit", func(context.Context) (int, error) {
			defer panic("bug")
			runtime.Goexit()
			return 0, nil
		}, isPanic("bug")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			after := func(context.Context) (int, error) { return 2, nil }
			rs := asynccore.Settle(t.Context(), 1, tt.fn, after, tt.fn, after)
			for i, r := range rs {
				switch {
				case i%2 == 0 && !tt.want(r.Err):
					t.Errorf("entry %d: unexpected error %v", i, r.Err)
				case i%2 == 1 && (r.Value != 2 || r.Err != nil):
					t.Errorf("entry %d after it: %+v", i, r)
				}
			}
		})
	}
}

func TestPanicKeepsStack(t *testing.T) {
	rs := asynccore.Settle(t.Context(), 1, func(context.Context) (int, error) { return explode(0), nil })
	p, ok := errors.AsType[*asynccore.PanicError](rs[0].Err)
	if !ok {
		t.Fatalf("error %v, want a *PanicError", rs[0].Err)
	}
	if !strings.Contains(string(p.Stack), "asynccore_test.explode") {
		t.Errorf("stack does not show who panicked:\n%s", p.Stack)
	}
}

//go:noinline
func explode(n int) int { return 1 / n }

// An entry that never started says why, and what ran keeps what it returned.
func TestSettleKeepsCallersCancel(t *testing.T) {
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	rs := asynccore.SettleEach(ctx, 1, []int{0, 1, 2, 3}, func(_ context.Context, i int) (int, error) {
		if i == 1 {
			cancel(stop)
		}
		return i, nil
	})
	want := []asynccore.Result[int]{{Value: 0}, {Value: 1}, {Err: stop}, {Err: stop}}
	if diff := cmp.Diff(want, rs, cmp.Comparer(func(a, b error) bool { return a == b })); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

// Entries of a second each: the total shows that as many ran as the limit
// allows, the counter that never more did.
func TestSettleLimit(t *testing.T) {
	tests := []struct {
		limit, n, most int
		took           time.Duration
	}{
		{limit: 1, n: 5, most: 1, took: 5 * time.Second},
		{limit: 3, n: 50, most: 3, took: 17 * time.Second},
		{limit: 100, n: 5, most: 5, took: time.Second},
		{limit: 1 << 62, n: 5, most: 5, took: time.Second},
		{limit: 0, n: 65, most: 32, took: 3 * time.Second},
		{limit: -1, n: 64, most: 32, took: 2 * time.Second},
		{limit: 4, n: 0},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("limit=%d,n=%d", tt.limit, tt.n), func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				var running atomic.Int64
				in := make([]int, tt.n)
				fn := func(context.Context, int) (int, error) {
					if n := running.Add(1); n > int64(tt.most) {
						t.Errorf("%d running, want at most %d", n, tt.most)
					}
					time.Sleep(time.Second)
					running.Add(-1)
					return 0, nil
				}
				start := time.Now()
				rs := asynccore.SettleEach(t.Context(), tt.limit, in, fn)
				if took := time.Since(start); took != tt.took || len(rs) != tt.n {
					t.Errorf("%d results in %v, want %d in %v", len(rs), took, tt.n, tt.took)
				}
			})
		})
	}
}

// Entries cost no allocation of their own.
func TestSettleAllocates(t *testing.T) {
	allocs := func(n int) float64 {
		in := make([]int, n)
		return testing.AllocsPerRun(5, func() {
			asynccore.SettleEach(t.Context(), 10, in, func(_ context.Context, i int) (int, error) { return i, nil })
		})
	}
	if few, many := allocs(100), allocs(10_000); many-few > 20 {
		t.Errorf("%v allocations for 100 entries, %v for 10,000", few, many)
	}
}

func BenchmarkSettle(b *testing.B) {
	benchmarkEach(b, func(ctx context.Context, limit int, in []int, fn func(context.Context, int) (int, error)) {
		asynccore.SettleEach(ctx, limit, in, fn)
	})
}

func BenchmarkGather(b *testing.B) {
	benchmarkEach(b, func(ctx context.Context, limit int, in []int, fn func(context.Context, int) (int, error)) {
		if _, err := asynccore.GatherEach(ctx, limit, in, fn); err != nil {
			b.Fatal(err)
		}
	})
}

// benchmarkEach reports the cost an entry of run over 100,000 trivial entries.
func benchmarkEach(b *testing.B, run func(context.Context, int, []int, func(context.Context, int) (int, error))) {
	in := make([]int, 100_000)
	for _, limit := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("limit=%d", limit), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run(b.Context(), limit, in, func(_ context.Context, i int) (int, error) { return i, nil })
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(in)), "ns/entry")
		})
	}
}
