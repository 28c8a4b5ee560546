package ops

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/runtime/process"
	"github.com/specify-cli/specify/internal/task"
)

// Runner is all that operations need of processes.
type Runner interface {
	// Run runs one command to its end, as process.Run does.
	Run(ctx context.Context, c process.Command) (process.Result, error)
	// Retrying tells of a command that is going to be tried again. The event's
	// URL is the program's name.
	Retrying(ctx context.Context, tell Teller, e httpx.RetryEvent)
}

// commandLane is where the commands of a batch stand in line: the lane without
// a key, which no origin's gate knows, so that --jobs alone holds them back.
const commandLane = ""

// commands carries out tasks that are commands.
type commands struct {
	runner     Runner
	tell       Teller
	foreground bool // with our standard streams, and the signals that we get
	retry      asynccore.RetryPolicy
	retryOn    ExitCodes
	maxTime    time.Duration // an attempt; 0 is no limit
	maxOutput  int64         // bytes; 0 is no limit
}

// command is one of those tasks.
type command struct {
	*commands
	task   *task.Task
	name   string // of the program, without its folder
	out    files.Output
	rec    *task.Record
	began  time.Time // the first attempt
	policy asynccore.RetryPolicy
}

// run runs t's command until it succeeds or is not to be tried again, and
// writes what happened into rec, whose outcome and error are left to the
// caller. Its stdout goes to out. The time that it runs is the record's
// transfer; while it waits to be tried again it holds no slot.
//
// The command is stopped when stop ends: at once, and not when ctx does, since
// a process can be asked to come to an end, which a request cannot. The error
// is the last attempt's, with the program's name, or the cause of stop's end.
func (x *commands) run(ctx, stop context.Context, t *task.Task, out files.Output, rec *task.Record) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(stop, func() { cancel(context.Cause(stop)) })()

	c := &command{
		commands: x, task: t, name: filepath.Base(t.Exec[0]), out: out, rec: rec, began: time.Now(), policy: x.retry,
	}
	rec.Timing.Queue, rec.Timing.Transfer = c.began.Sub(rec.Start), 0
	if t.Retry != nil {
		c.policy.Max = *t.Retry
	}
	waits := stop
	if t.Timeout > 0 {
		if c.policy.MaxTime <= 0 || t.Timeout < c.policy.MaxTime {
			c.policy.MaxTime = t.Timeout
		}
		limited, release := context.WithTimeoutCause(stop, t.Timeout, &process.TimeoutError{Limit: t.Timeout})
		defer release()
		waits = limited
	}
	for {
		if stop.Err() != nil {
			return context.Cause(stop)
		}
		began := time.Now()
		err := c.attempt(ctx)
		if err == nil {
			return nil
		}
		wait, again := c.again(stop, err)
		if !again {
			return c.named(err)
		}
		rec.Retries = append(rec.Retries, task.Retry{
			Error: httpx.Classify(err), Duration: time.Since(began), Wait: wait, Reason: "backoff",
		})
		x.runner.Retrying(ctx, x.tell, httpx.RetryEvent{URL: c.name, Retry: rec.Attempts, Wait: wait, Reason: "backoff", Err: err})
		if err := c.wait(ctx, waits, wait); err != nil {
			return c.named(err)
		}
	}
}

// attempt runs the program once.
func (c *command) attempt(ctx context.Context) error {
	c.rec.Attempts++
	limit := c.limit()
	res, err := c.runner.Run(ctx, process.Command{
		Argv: c.task.Exec, Foreground: c.foreground, Stdout: c.stdout(), Limit: limit,
	})
	if _, late := errors.AsType[*process.TimeoutError](err); late && limit != c.maxTime {
		err = &process.TimeoutError{Limit: c.task.Timeout} // rather than what was left of it
	}
	c.rec.Timing.Transfer += res.Duration
	c.rec.ExitCode, c.rec.Signal, c.rec.StderrTail = res.ExitCode, res.SignalName(), string(res.StderrTail)
	if c.keeps() {
		c.rec.Bytes = res.StdoutBytes
	}
	return err
}

// limit is how long an attempt that begins now may take; 0 is no limit.
func (c *command) limit() time.Duration {
	if c.task.Timeout <= 0 {
		return c.maxTime
	}
	left := max(1, c.task.Timeout-time.Since(c.began))
	if c.maxTime > 0 {
		left = min(left, c.maxTime)
	}
	return left
}

// again decides whether another attempt follows the one that ended with err,
// and after what wait.
func (c *command) again(stop context.Context, err error) (wait time.Duration, again bool) {
	if stop.Err() != nil || !c.curable(err) {
		return 0, false
	}
	wait, reason := c.policy.Next(c.rec.Attempts, 0, time.Since(c.began))
	return wait, reason == nil && c.out.Rewind(0) == nil // only then: what the last attempt wrote is kept
}

// curable reports whether another attempt may do better: not when it was our
// own doing that this one ended.
func (c *command) curable(err error) bool {
	if _, sink := errors.AsType[*process.SinkError](err); sink {
		return false
	}
	if _, canceled := errors.AsType[*process.CanceledError](err); canceled {
		return false
	}
	return c.retryOn.Has(process.Status(err))
}

// wait waits for so long, and then for a slot.
func (c *command) wait(ctx, waits context.Context, d time.Duration) error {
	resume := asynccore.Yield(ctx)
	began := time.Now()
	err := asynccore.Sleep(waits, d)
	slept := time.Now()
	c.rec.Timing.Backoff += slept.Sub(began)
	if err != nil {
		return err
	}
	err = resume(waits)
	c.rec.Timing.Queue += time.Since(slept)
	return err
}

// named puts the program's name before what became of it.
func (c *command) named(err error) error {
	if _, named := errors.AsType[*process.StartError](err); named {
		return err
	}
	return fmt.Errorf("%s: %w", c.name, err)
}

// backgroundCommands are those of a batch.
func backgroundCommands(runner Runner, s Settings) *commands {
	return &commands{
		runner: runner, tell: s.Tell, retry: s.Retry, retryOn: defaultRetryCodes, maxTime: s.MaxTime, maxOutput: s.MaxFilesize,
	}
}
