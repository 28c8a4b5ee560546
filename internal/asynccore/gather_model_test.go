package asynccore_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/asynccore"
)

// An entryPlan says what an entry does: it takes a while, or less if it obeys
// its context, and then ends in its way.
type entryPlan struct {
	takes time.Duration
	obeys bool
	way   string // ok, error, panic or goexit
}

var errPlanned = errors.New("planned")

// A planRun records when the entries of a plan really ran, since start.
type planRun struct {
	start time.Time
	began []time.Duration // -1 where the entry never did
	ended []time.Duration
}

func newPlanRun(n int) *planRun {
	return &planRun{
		start: time.Now(),
		began: slices.Repeat([]time.Duration{-1}, n),
		ended: slices.Repeat([]time.Duration{-1}, n),
	}
}

func (r *planRun) entry(plan []entryPlan) func(context.Context, int) (int, error) {
	return func(ctx context.Context, i int) (int, error) {
		r.began[i] = time.Since(r.start)
		defer func() { r.ended[i] = time.Since(r.start) }()
		var done <-chan struct{} // blocks for ever if the entry does not obey
		if plan[i].obeys {
			done = ctx.Done()
		}
		select {
		case <-time.After(plan[i].takes):
		case <-done:
			return 0, context.Cause(ctx)
		}
		switch plan[i].way {
		case "error":
			return 0, errPlanned
		case "panic":
			panic(errPlanned)
		case "goexit":
			runtime.Goexit()
		}
		return i + 1, nil
	}
}

// A schedule is what a plan must come to, worked out without concurrency.
type schedule struct {
	began, ended []time.Duration
	cut          []bool // ended by its context
	stop         time.Duration
	failed       int           // the entry whose failure stopped the others, or -1
	end          time.Duration // of the last entry that began
}

// newSchedule gives each entry, in order, to the first of limit workers that
// is free, until stop: the caller's cancel, or the first failure if that ends
// everything. A plan has no two events at the same time.
func newSchedule(plan []entryPlan, limit int, cancel time.Duration, failureStops bool) schedule {
	s := schedule{stop: cancel, failed: -1}
	free := make([]time.Duration, limit)
	for i, p := range plan {
		worker := slices.Index(free, slices.Min(free))
		s.began = append(s.began, free[worker])
		free[worker] += p.takes
		s.ended = append(s.ended, free[worker])
		if failureStops && p.way != "ok" && free[worker] < s.stop {
			s.stop, s.failed = free[worker], i
		}
	}
	s.cut = make([]bool, len(plan))
	for i, p := range plan {
		switch {
		case s.began[i] >= s.stop:
			s.began[i], s.ended[i] = -1, -1
		case p.obeys && s.ended[i] > s.stop:
			s.ended[i], s.cut[i] = s.stop, true
		}
		s.end = max(s.end, s.ended[i])
	}
	return s
}

func (s schedule) compare(t *rapid.T, run *planRun) {
	t.Helper()
	if diff := cmp.Diff(s.began, run.began, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("began (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(s.ended, run.ended, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("ended (-want +got):\n%s", diff)
	}
	if took := time.Since(run.start); took != s.end {
		t.Errorf("returned after %v, want %v", took, s.end)
	}
}

// checkErr says how entry i must have ended, where cause is why the rest was
// stopped.
func (s schedule) checkErr(t *rapid.T, plan []entryPlan, i int, err, cause error) {
	t.Helper()
	ok := false
	switch {
	case s.began[i] < 0 || s.cut[i]:
		ok = err == cause
	case plan[i].way == "ok":
		ok = err == nil
	case plan[i].way == "error":
		ok = err == errPlanned
	case plan[i].way == "panic":
		p, isPanic := errors.AsType[*asynccore.PanicError](err)
		ok = isPanic && p.Value == errPlanned
	case plan[i].way == "goexit":
		ok = err == asynccore.ErrGoexit
	}
	if !ok {
		t.Errorf("entry %d (%+v): unexpected error %v", i, plan[i], err)
	}
}

// drawPlan draws entries whose durations have a nanosecond bit of their own,
// so that no two sums of them are equal, nor equal to the cancel time.
func drawPlan(t *rapid.T) (plan []entryPlan, limit int, cancel time.Duration) {
	for i := range rapid.IntRange(0, 12).Draw(t, "n") {
		plan = append(plan, entryPlan{
			takes: time.Duration(rapid.IntRange(0, 9).Draw(t, "ms"))*time.Millisecond + 1<<i,
			obeys: rapid.Bool().Draw(t, "obeys"),
			way:   rapid.SampledFrom([]string{"ok", "ok", "ok", "ok", "error", "panic", "goexit"}).Draw(t, "way"),
		})
	}
	limit = rapid.IntRange(1, 5).Draw(t, "limit")
	cancel = time.Duration(rapid.IntRange(0, 60).Draw(t, "cancel"))*time.Millisecond + 1<<13
	return plan, limit, cancel
}

// cancelAfter returns a context that ends with the cause after d.
func cancelAfter(t *rapid.T, d time.Duration, cause error) context.Context {
	ctx, cancel := context.WithCancelCause(t.Context())
	timer := time.AfterFunc(d, func() { cancel(cause) })
	t.Cleanup(func() { timer.Stop(); cancel(nil) })
	return ctx
}

func indexes(n int) []int {
	in := make([]int, n)
	for i := range in {
		in[i] = i
	}
	return in
}

func TestSettleModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			plan, limit, cancel := drawPlan(t)
			want := newSchedule(plan, limit, cancel, false)
			cause := errors.New("caller's cause")
			run := newPlanRun(len(plan))
			rs := asynccore.SettleEach(cancelAfter(t, cancel, cause), limit, indexes(len(plan)), run.entry(plan))

			want.compare(t, run)
			if len(rs) != len(plan) {
				t.Fatalf("%d results for %d entries", len(rs), len(plan))
			}
			for i, r := range rs {
				want.checkErr(t, plan, i, r.Err, cause)
				if r.Err == nil && r.Value != i+1 {
					t.Errorf("entry %d has the value %d", i, r.Value)
				}
			}
		})
	})
}

func TestGatherModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			plan, limit, cancel := drawPlan(t)
			want := newSchedule(plan, limit, cancel, true)
			cause := errors.New("caller's cause")
			run := newPlanRun(len(plan))
			values, err := asynccore.GatherEach(cancelAfter(t, cancel, cause), limit, indexes(len(plan)), run.entry(plan))

			want.compare(t, run)
			wantValues := make([]int, len(plan))
			allWell := true
			var wantErrs []string // the one that came first, then later panics
			for i, p := range plan {
				switch {
				case want.began[i] < 0 || want.cut[i] || p.way != "ok":
					allWell = false
				default:
					wantValues[i] = i + 1
				}
				if want.began[i] >= 0 && !want.cut[i] && p.way == "panic" && i != want.failed {
					wantErrs = append(wantErrs, fmt.Sprintf("[%d] panic: planned", i))
				}
			}
			if diff := cmp.Diff(wantValues, values); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
			if allWell {
				if err != nil {
					t.Errorf("error %v, but all ended well", err)
				}
				return
			}
			if want.failed >= 0 {
				failure, ok := errors.AsType[*asynccore.IndexError](err)
				if !ok || failure.Index != want.failed {
					t.Fatalf("error %v, want that of entry %d", err, want.failed)
				}
				want.checkErr(t, plan, want.failed, failure.Err, cause)
				wantErrs = slices.Insert(wantErrs, 0, failure.Error())
			} else {
				if !errors.Is(err, cause) {
					t.Errorf("error %v hides the caller's cause", err)
				}
				wantErrs = slices.Insert(wantErrs, 0, cause.Error())
			}
			got := []string{err.Error()}
			if many, ok := err.(interface{ Unwrap() []error }); ok {
				got = nil
				for _, e := range many.Unwrap() {
					got = append(got, e.Error())
				}
			}
			if diff := cmp.Diff(wantErrs, got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	})
}
