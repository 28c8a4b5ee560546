package process

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// Run runs c to its end and returns how it ended. The error is nil if the
// command exited with 0 by itself; else it is a *StartError, *ExitError,
// *SignalError, *TimeoutError, *CanceledError or *SinkError, and Status tells
// what a shell would report.
//
// When ctx ends or c.Limit is over, the command gets a signal (the one that
// the context's cause stands for, else SIGTERM), then SIGKILL after the grace.
// In the foreground the end of ctx by a signal stops nothing: the command has
// got that signal, and what to make of it is up to the command. Limits and
// deadlines hold there as well.
//
// When Run returns, the process has been reaped, every output that it wrote
// has been handed on, and none of Run's goroutines or descriptors is left.
func Run(ctx context.Context, c Command) (res Result, err error) {
	res.ExitCode = -1
	if len(c.Argv) == 0 {
		return res, &StartError{Err: errNoCommand}
	}
	if ctx.Err() != nil {
		return res, &CanceledError{Cause: context.Cause(ctx)}
	}
	if c.Observe != nil {
		observed, end := c.Observe(ctx, c.executable())
		ctx = observed
		defer func() { end(res.Pid, res.ExitCode, err) }()
	}

	cmd := exec.Command(c.Argv[0])
	cmd.Args = c.Argv
	cmd.Dir = c.Dir
	cmd.Env = c.environment(ctx)
	out, err := c.connect(cmd)
	if err != nil {
		return res, startError(c.Argv[0], c.Dir, err)
	}
	g := newGroup(c.Foreground)
	defer g.close()
	var signals <-chan os.Signal
	if c.Foreground {
		forwarded, stop := forwarding()
		defer stop()
		signals = forwarded
	} else {
		keepDescriptors()
	}
	leader, err := launch(cmd, g)
	out.started()
	if err != nil {
		out.abandon()
		return res, startError(c.Argv[0], c.Dir, err)
	}
	res.Pid, res.Started = cmd.Process.Pid, time.Now()
	out.copy()

	w := watch{
		target: g, exited: leader.exited, drained: out.drained, failed: out.failed,
		signals: signals, foreground: c.Foreground, limit: c.Limit, grace: c.grace(),
	}
	reason := w.run(ctx)
	out.finish()
	err = leader.reap(g)
	res.Duration = time.Since(res.Started)
	res.StdoutBytes, res.StderrTail = out.stdoutBytes(), out.stderrTail()
	if cmd.ProcessState == nil { // somebody else waits for children in this process
		return res, cmp.Or(reason, fmt.Errorf("wait for %q: %w", c.Argv[0], err))
	}
	ended := res.setState(cmd.ProcessState)
	return res, cmp.Or(reason, out.err(), ended)
}

// setState notes how the process ended, and returns that as an error unless
// it exited with 0.
func (r *Result) setState(state *os.ProcessState) error {
	status, ok := state.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		r.Signal = status.Signal()
		return &SignalError{Signal: r.Signal, Core: status.CoreDump()}
	}
	r.ExitCode = state.ExitCode()
	if r.ExitCode != 0 {
		return &ExitError{Code: r.ExitCode}
	}
	return nil
}

// environment returns what the command is started with.
func (c Command) environment(ctx context.Context) []string {
	env := c.Env
	switch {
	case env != nil:
		env = slices.Clone(env) // ChildEnv may append
	case c.Foreground:
		env = os.Environ()
	default:
		env = Env(os.Environ())
	}
	if c.Dir != "" {
		// os/exec does this for a nil Env only; a stale PWD misleads shells.
		if dir, err := filepath.Abs(c.Dir); err == nil {
			env = append(env, "PWD="+dir)
		}
	}
	if c.ChildEnv != nil {
		env = c.ChildEnv(ctx, env)
	}
	return env
}

// connect gives cmd its standard streams. In the background stdin is left to
// os/exec, which opens the null device.
func (c Command) connect(cmd *exec.Cmd) (*outputs, error) {
	if c.Foreground {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		return newOutputs(), nil
	}
	out := newOutputs()
	var errs [2]error
	if c.Stdout != nil {
		cmd.Stdout, errs[0] = out.add("stdout", c.Stdout, 0)
	}
	if c.Stderr != nil || c.tailBytes() > 0 {
		cmd.Stderr, errs[1] = out.add("stderr", c.Stderr, c.tailBytes())
	}
	if err := errors.Join(errs[:]...); err != nil {
		out.started()
		out.abandon()
		return nil, err
	}
	return out, nil
}
