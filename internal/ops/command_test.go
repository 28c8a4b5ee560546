package ops

import (
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/runtime/process"
	"github.com/specify-cli/specify/internal/task"
)

// attempts is a Runner whose n-th Run is the n-th function; the last one
// stands for all that follow.
type attempts struct {
	plan   []func(ctx context.Context, c process.Command) (process.Result, error)
	began  []time.Duration // since start
	limits []time.Duration
	start  time.Time
	events []httpx.RetryEvent
}

func (a *attempts) Run(ctx context.Context, c process.Command) (process.Result, error) {
	if a.start.IsZero() {
		a.start = time.Now()
	}
	n := min(len(a.began), len(a.plan)-1)
	a.began, a.limits = append(a.began, time.Since(a.start)), append(a.limits, c.Limit)
	return a.plan[n](ctx, c)
}

func (a *attempts) Retrying(_ context.Context, _ Teller, e httpx.RetryEvent) {
	a.events = append(a.events, e)
}

// exits ends with a code after a while; a limit or ctx ends it before.
func exits(code int, after time.Duration) func(context.Context, process.Command) (process.Result, error) {
	return func(ctx context.Context, c process.Command) (process.Result, error) {
		res := process.Result{Pid: 1, ExitCode: code, Duration: after}
		limit := make(<-chan time.Time)
		if c.Limit > 0 {
			limit = time.After(c.Limit)
		}
		select {
		case <-time.After(after):
		case <-limit:
			return process.Result{Pid: 1, ExitCode: -1, Signal: syscall.SIGTERM, Duration: c.Limit}, &process.TimeoutError{Limit: c.Limit}
		case <-ctx.Done():
			return process.Result{Pid: 1, ExitCode: -1, Signal: syscall.SIGTERM}, &process.CanceledError{Cause: context.Cause(ctx)}
		}
		if code != 0 {
			return res, &process.ExitError{Code: code}
		}
		return res, nil
	}
}

func fails(err error) func(context.Context, process.Command) (process.Result, error) {
	return func(context.Context, process.Command) (process.Result, error) {
		return process.Result{ExitCode: -1}, err
	}
}

// policy is without jitter: 1 s, 2 s, 4 s.
var policy = asynccore.RetryPolicy{Max: 3, Base: time.Second, Factor: 2, Jitter: asynccore.JitterNone}

// execute runs t as the only task of a run, in a bubble.
func execute(x *commands, t *task.Task) *task.Record {
	x.retryOn = defaultRetryCodes
	return (&executor{commands: x}).run(context.Background(), context.Background(),
		&admission{task: t, queued: time.Now()}, &files.None{})
}

func TestCommandRetries(t *testing.T) {
	const s = time.Second
	two, tries := 2, 1
	tests := []struct {
		name    string
		runner  attempts
		task    task.Task
		x       commands
		began   []time.Duration
		want    task.ErrorType // "" is ok
		elapsed time.Duration
	}{
		{name: "first", runner: attempts{plan: all(exits(0, s))}, began: []time.Duration{0}, elapsed: s},
		{name: "third", runner: attempts{plan: all(exits(9, s), exits(1, s), exits(0, s))}, began: []time.Duration{0, 2 * s, 5 * s}, elapsed: 6 * s},
		{name: "never", runner: attempts{plan: all(exits(9, 0))}, began: []time.Duration{0, s, 3 * s, 7 * s}, want: task.ErrExit, elapsed: 7 * s},
		{name: "its own retries", runner: attempts{plan: all(exits(9, 0))}, task: task.Task{Retry: &two}, began: []time.Duration{0, s, 3 * s}, want: task.ErrExit, elapsed: 3 * s},
		{name: "signal", runner: attempts{plan: all(fails(&process.SignalError{Signal: syscall.SIGSEGV}), exits(0, 0))}, began: []time.Duration{0, s}, elapsed: s},
		{name: "not found", runner: attempts{plan: all(fails(&process.StartError{NotFound: true, Err: syscall.ENOENT}))}, began: []time.Duration{0}, want: task.ErrStart},
		{name: "not executable", runner: attempts{plan: all(fails(&process.StartError{NotExecutable: true, Err: syscall.EACCES}))}, began: []time.Duration{0}, want: task.ErrStart},
		{name: "no process to be had", runner: attempts{plan: all(fails(&process.StartError{Err: syscall.EAGAIN}), exits(0, 0))}, began: []time.Duration{0, s}, elapsed: s},
		{name: "its output cannot be kept", runner: attempts{plan: all(fails(&process.SinkError{Stream: "stdout", Err: syscall.ENOSPC}))}, began: []time.Duration{0}, want: task.ErrOutput},
		{name: "a limit for each attempt", runner: attempts{plan: all(exits(0, 9*s), exits(0, s))}, x: commands{maxTime: 3 * s}, began: []time.Duration{0, 4 * s}, elapsed: 5 * s},
		{name: "a limit for all", runner: attempts{plan: all(exits(1, 0), exits(1, 0), exits(0, 9*s))}, task: task.Task{Timeout: 5 * s}, began: []time.Duration{0, s, 3 * s}, want: task.ErrTimeoutTotal, elapsed: 5 * s},
		{name: "a wait that does not fit the limit", runner: attempts{plan: all(exits(1, 0))}, task: task.Task{Timeout: 3 * s}, began: []time.Duration{0, s}, want: task.ErrExit, elapsed: s},
		{name: "the retries' time is up", runner: attempts{plan: all(exits(1, 2*s))}, x: commands{retry: asynccore.RetryPolicy{MaxTime: 4 * s}}, began: []time.Duration{0, 3 * s}, want: task.ErrExit, elapsed: 5 * s},
		{name: "both limits", runner: attempts{plan: all(exits(0, 9*s))}, task: task.Task{Timeout: 5 * s, Retry: &tries}, x: commands{maxTime: 3 * s}, began: []time.Duration{0, 4 * s}, want: task.ErrTimeoutTotal, elapsed: 5 * s},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				x := tt.x
				x.runner = &tt.runner
				x.retry.Max, x.retry.Base, x.retry.Factor, x.retry.Jitter = policy.Max, policy.Base, policy.Factor, policy.Jitter
				tt.task.Exec = []string{"/bin/prog", "arg"}
				start := time.Now()
				rec := execute(&x, &tt.task)
				if diff := cmp.Diff(tt.began, tt.runner.began); diff != "" {
					t.Errorf("attempts began (-want +got):\n%s", diff)
				}
				if got := time.Since(start); got != tt.elapsed || rec.Duration != got {
					t.Errorf("took %v, recorded as %v, want %v", got, rec.Duration, tt.elapsed)
				}
				var kind task.ErrorType
				if rec.Error != nil {
					kind = rec.Error.Type
				}
				if kind != tt.want || rec.Outcome.Good() != (tt.want == "") {
					t.Errorf("%s %q (%v), want %q", rec.Outcome, kind, rec.Error, tt.want)
				}
				retries := len(tt.began) - 1
				if rec.Attempts != len(tt.began) || len(rec.Retries) != retries || len(tt.runner.events) != retries {
					t.Errorf("%d attempts, %d retries in the record, %d told of, want %d attempts", rec.Attempts, len(rec.Retries), len(tt.runner.events), len(tt.began))
				}
				if parts := rec.Timing.Queue + rec.Timing.Backoff + rec.Timing.Transfer; parts != rec.Duration {
					t.Errorf("timing adds up to %v of %v: %+v", parts, rec.Duration, rec.Timing)
				}
			})
		})
	}
}

func all(plan ...func(context.Context, process.Command) (process.Result, error)) []func(context.Context, process.Command) (process.Result, error) {
	return plan
}

// A command that waits to be tried again holds no slot: with one job at a time
// another command runs meanwhile.
func TestCommandWaitsWithoutSlot(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1})
		ran := &attempts{plan: all(exits(1, time.Second), exits(0, time.Second), exits(0, time.Second))}
		x := executor{commands: &commands{runner: ran, retry: policy, retryOn: defaultRetryCodes}}
		recs := make([]*task.Record, 2)
		for i := range recs {
			a := new(origins).admit(&task.Task{Exec: []string{"prog"}}, nil)
			err := runner.Go(t.Context(), asynccore.Job{Key: a.origin}, func(job context.Context) {
				recs[i] = x.run(job, t.Context(), a, &files.None{})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := runner.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		// 0-1 the first fails, 1-2 the second, 2-3 the first again.
		if recs[0].Duration != 3*time.Second || recs[0].Timing.Backoff != time.Second || recs[0].Attempts != 2 {
			t.Errorf("the first: %+v", recs[0])
		}
		if recs[1].Duration != 2*time.Second || recs[1].Timing.Queue != time.Second {
			t.Errorf("the second: %+v", recs[1])
		}
	})
}

// Whatever a command is at when the run is stopped, it ends at once and is
// unfinished, with the cause.
func TestCommandStopped(t *testing.T) {
	tests := []struct {
		name     string
		first    func(context.Context, process.Command) (process.Result, error)
		attempts int
	}{
		{"running", exits(0, time.Hour), 1},
		{"waiting", exits(1, 0), 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				stop, cancel := context.WithCancelCause(context.Background())
				cause := errors.New("enough")
				time.AfterFunc(time.Minute, func() { cancel(cause) })
				x := executor{commands: &commands{
					runner: &attempts{plan: all(tt.first)}, retryOn: defaultRetryCodes,
					retry: asynccore.RetryPolicy{Max: 3, Base: time.Hour, Jitter: asynccore.JitterNone},
				}}
				start := time.Now()
				rec := x.run(context.Background(), stop, &admission{task: &task.Task{Exec: []string{"prog"}}, queued: start}, &files.None{})
				if took := time.Since(start); took != time.Minute {
					t.Errorf("took %v", took)
				}
				if rec.Outcome != task.Unfinished || rec.Attempts != tt.attempts || rec.Error.Type != task.ErrCanceled || rec.Error.Message != "enough" {
					t.Errorf("%+v, %v", rec, rec.Error)
				}
			})
		})
	}
}

// An output longer than the limit stops the command; the limit itself is fine.
func TestCommandOutputLimit(t *testing.T) {
	writes := func(n int) func(context.Context, process.Command) (process.Result, error) {
		return func(_ context.Context, c process.Command) (process.Result, error) {
			for range n {
				if _, err := io.WriteString(c.Stdout, "x"); err != nil {
					return process.Result{ExitCode: -1}, &process.SinkError{Stream: "stdout", Err: err}
				}
			}
			return process.Result{StdoutBytes: int64(n)}, nil
		}
	}
	for n, want := range map[int]task.ErrorType{9: "", 10: "", 11: task.ErrTooLarge} {
		t.Run("", func(t *testing.T) {
			x := &commands{runner: &attempts{plan: all(writes(n))}, retry: policy, maxOutput: 10}
			rec := execute(x, &task.Task{Exec: []string{"prog"}, Checksum: "sha256:" + strings.Repeat("0", 64)})
			var kind task.ErrorType
			if rec.Error != nil {
				kind = rec.Error.Type
			}
			if kind != want || rec.Attempts != 1 {
				t.Errorf("%d bytes: %v after %d attempts, want %q", n, rec.Error, rec.Attempts, want)
			}
		})
	}
}
