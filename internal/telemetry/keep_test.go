package telemetry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/bubble"
)

// judged is a Telemetry whose ratio samples nothing, and what it keeps.
type judged struct {
	*Telemetry
	keep     *keep
	recorder *tracetest.SpanRecorder
}

func newJudged() *judged {
	j := &judged{recorder: tracetest.NewSpanRecorder()}
	j.keep = newKeep(j.recorder, defaultSlow)
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSampler(&trialSampler{ratio: sdktrace.TraceIDRatioBased(0), parentBased: true}),
		sdktrace.WithSpanProcessor(j.keep))
	j.Telemetry = &Telemetry{tracer: provider.Tracer("test"), conf: Config{}.withDefaults()}
	j.room.Store(runTasks)
	return j
}

// kept names the kept spans in the order in which they were let through.
func (j *judged) kept() []string {
	var names []string
	for _, s := range j.recorder.Ended() {
		names = append(names, s.Name())
		if !s.SpanContext().IsSampled() {
			names = append(names, "(not sampled)")
		}
	}
	return names
}

// step runs one span of the given length below ctx.
func (j *judged) step(ctx context.Context, name string, length time.Duration, err error) {
	_, end := j.Observe(ctx, name)
	time.Sleep(length)
	end(err)
}

func TestKeepFailedAndSlow(t *testing.T) {
	failure := errors.New("x")
	tests := []struct {
		name string
		task func(j *judged, ctx context.Context) TaskEnd
		want []string
	}{
		{"good", func(j *judged, ctx context.Context) TaskEnd {
			j.step(ctx, "GET", time.Second, nil)
			return TaskEnd{Outcome: "ok"}
		}, nil},
		{"failed", func(j *judged, ctx context.Context) TaskEnd {
			j.step(ctx, "GET", time.Second, nil)
			return TaskEnd{Outcome: "failed", ErrorType: "503"}
		}, []string{"GET", "task", "run"}},
		{"an attempt failed", func(j *judged, ctx context.Context) TaskEnd {
			j.step(ctx, "first", time.Second, nil)
			j.step(ctx, "second", time.Second, failure)
			j.step(ctx, "third", time.Second, nil)
			return TaskEnd{Outcome: "ok"}
		}, []string{"first", "second", "third", "task", "run"}},
		{"slow by no more than it takes", func(j *judged, ctx context.Context) TaskEnd {
			j.step(ctx, "GET", 0, nil)
			time.Sleep(defaultSlow)
			return TaskEnd{Outcome: "ok"}
		}, []string{"GET", "task", "run"}},
		{"almost slow", func(j *judged, ctx context.Context) TaskEnd {
			time.Sleep(defaultSlow - 1)
			return TaskEnd{Outcome: "ok"}
		}, nil},
	}
	for _, tt := range tests {
		for _, linked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s linked=%v", tt.name, linked), func(t *testing.T) {
				bubble.Test(t, func(t *testing.T) {
					j := newJudged()
					if linked {
						j.Planned(runTasks + 1)
					}
					ctx, endRun := j.Observe(t.Context(), "run")
					_, endOther := j.Task(ctx) // a good one beside it
					endOther(TaskEnd{Outcome: "ok"})
					task, end := j.Task(ctx)
					end(tt.task(j, task))
					endRun(nil)
					if diff := cmp.Diff(tt.want, j.kept()); diff != "" {
						t.Errorf("kept (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// TestKeepLateSpan covers a span that ends after its task: it goes the way of
// the task, unless it is bad itself.
func TestKeepLateSpan(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		j := newJudged()
		ctx, endRun := j.Observe(t.Context(), "run")
		task, end := j.Task(ctx)
		_, good := j.Observe(task, "good")
		_, bad := j.Observe(task, "bad")
		end(TaskEnd{Outcome: "ok"})
		good(nil)
		bad(errors.New("x"))
		endRun(nil)
		if diff := cmp.Diff([]string{"bad", "run"}, j.kept()); diff != "" {
			t.Errorf("kept (-want +got):\n%s", diff)
		}
	})
}

// TestKeepIsBounded fills one task, then all: good spans beyond the bounds are
// let go, bad ones are not, and everything is given back.
func TestKeepIsBounded(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		j := newJudged()
		ctx, endRun := j.Observe(t.Context(), "run")
		var ends []func(TaskEnd)
		for range maxTrial/maxTrialTask + 10 {
			task, end := j.Task(ctx)
			ends = append(ends, end)
			for range maxTrialTask + 10 {
				j.step(task, "GET", 0, nil)
			}
		}
		if j.keep.held != maxTrial {
			t.Errorf("%d spans held, want %d", j.keep.held, maxTrial)
		}
		ends[0](TaskEnd{ErrorType: "503"})
		for _, end := range ends[1:] {
			end(TaskEnd{})
		}
		ends[len(ends)-1](TaskEnd{}) // again: no harm
		endRun(nil)
		if got, want := len(j.kept()), maxTrialTask+2; got != want {
			t.Errorf("%d spans kept, want %d: a full task, and the run", got, want)
		}
		if j.keep.held != 0 || len(j.keep.live) != 0 {
			t.Errorf("%d spans held and %d live after the end", j.keep.held, len(j.keep.live))
		}
	})
}

// TestKeepModel compares random runs with the rule: a task with a bad span is
// kept whole, any other not at all, and the run if any task is.
func TestKeepModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := newJudged()
		if rapid.Bool().Draw(t, "linked") {
			j.Planned(runTasks + 1)
		}
		ctx, endRun := j.Observe(context.Background(), "run")
		type open struct {
			ctx   context.Context
			end   func(TaskEnd)
			spans []string
			bad   bool
		}
		var (
			tasks []*open
			want  []string
			names int
		)
		finish := func(i int, bad bool) {
			o := tasks[i]
			tasks = slices.Delete(tasks, i, i+1)
			how := TaskEnd{Outcome: "ok"}
			if bad {
				how.ErrorType, o.bad = "503", true
			}
			o.end(how)
			if o.bad {
				want = append(append(want, o.spans...), "task")
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"start": func(t *rapid.T) {
				task, end := j.Task(ctx)
				tasks = append(tasks, &open{ctx: task, end: end})
			},
			"attempt": func(t *rapid.T) {
				if len(tasks) == 0 {
					t.Skip("no task")
				}
				o := tasks[rapid.IntRange(0, len(tasks)-1).Draw(t, "task")]
				names++
				name := fmt.Sprint(names)
				var err error
				if rapid.IntRange(0, 3).Draw(t, "bad") == 0 {
					err, o.bad = errors.New("x"), true
				}
				_, end := j.Observe(o.ctx, name)
				end(err)
				o.spans = append(o.spans, name)
			},
			"end": func(t *rapid.T) {
				if len(tasks) == 0 {
					t.Skip("no task")
				}
				finish(rapid.IntRange(0, len(tasks)-1).Draw(t, "task"), rapid.IntRange(0, 3).Draw(t, "bad") == 0)
			},
		})
		for len(tasks) > 0 {
			finish(0, false)
		}
		endRun(nil)
		if len(want) > 0 {
			want = append(want, "run")
		}
		got := j.kept()
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("kept (-want +got):\n%s", diff)
		}
		if j.keep.held != 0 || len(j.keep.live) != 0 {
			t.Errorf("%d spans held and %d live after the end", j.keep.held, len(j.keep.live))
		}
	})
}
