package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/task"
)

func newExec(o Ops, w World) *cobra.Command {
	var (
		f       settingsFlags
		c       = common{settings: execSettings}
		codes   ops.ExitCodes
		results string
	)
	cmd := &cobra.Command{
		Use:   "exec [flags] -- CMD [ARG]...",
		Short: "Run one command, with retries, limits and a span; its streams and its exit code are its own",
		Long: `Run one command, with retries, limits and a span; its streams and its exit code
are its own. There is no shell in between: the arguments arrive as they are.

Exit status: the command's own; 124 on a timeout, 125 when specify itself fails,
126 when the command cannot be run, 127 when there is none, 128+n when signal n
ended it.`,
		Example: `  specify exec --retry 5 --max-time 2m -- git fetch origin
  specify exec --retry-on 75 --results log.ndjson -- ./deliver.sh "$file"`,
		DisableFlagsInUseLine: true,
		RunE: execFailures(configured(w, &c, func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &UsageError{fmt.Errorf("no command (see %s --help)", cmd.CommandPath())}
			}
			if results == "-" {
				return &UsageError{errors.New("--results -: standard output is the command's own; give a file")}
			}
			t := newTeller(cmd.ErrOrStderr(), c)
			req := ops.ExecRequest{
				Argv: args, Retry: f.policy(), RetryOn: codes, MaxTime: f.s.MaxTime, Results: results, Tell: t,
			}
			if f.deadline > 0 {
				req.Deadline = time.Now().Add(f.deadline)
			}
			res, err := o.Exec(cmd.Context(), req)
			if err != nil {
				return err
			}
			t.executed(res.Record)
			return commandStatus(cmd.Context(), res)
		})),
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return &CommandError{failedStatus, flagError(cmd, err)} })
	g := groups(cmd.Flags())
	g.SetInterspersed(false) // what follows the command is the command's
	g.in("Time (90s, 1m30s, or a number of seconds)")
	g.VarP((*durationValue)(&f.s.MaxTime), "max-time", "m", "longest time of one attempt (none)")
	g.Var((*durationValue)(&f.deadline), "deadline", "end it all after this long (none)")
	f.backoff(g)
	g.codes(&codes, "retry-on", ops.DefaultRetryCodes, "exit codes that are tried again, as `LIST`; a timeout is 124, signal n 128+n")
	g.in("Result")
	g.StringVarP(&results, "results", "r", "", "append the record of the command to `F`")
	c.flags(g)
	g.close()
	return cmd
}

// execSettings are the flags that environment and configuration may set: not
// --retry-on, which is a list of HTTP statuses to all other commands.
func execSettings(flags *pflag.FlagSet) *pflag.FlagSet {
	settings := pflag.NewFlagSet("exec", pflag.ContinueOnError)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name != "retry-on" {
			settings.AddFlag(f)
		}
	})
	return settings
}

// CommandError carries the exit status of "specify exec". Err is why it is not
// 0, or why the end of the command's context does not count.
type CommandError struct {
	Status int
	Err    error
}

func (e *CommandError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *CommandError) Unwrap() error { return e.Err }

// told reports whether the command's own end, of which a record tells, is all
// that there is to say.
func (e *CommandError) told() bool {
	_, ok := e.Err.(*task.Error)
	return ok
}

// failedStatus tells a failure of specify itself from one of the command, as
// env(1) and timeout(1) do.
const failedStatus = 125

// execFailures gives every error but the command's own the failedStatus.
func execFailures(run func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		if _, own := errors.AsType[*CommandError](err); err == nil || own {
			return err
		}
		return &CommandError{failedStatus, err}
	}
}

// commandStatus passes on how the command ended, also when we got a signal that
// it chose to survive.
func commandStatus(ctx context.Context, res ops.ExecResult) error {
	switch status := res.Status(); {
	case status != 0:
		return &CommandError{status, res.Record.Error}
	case ctx.Err() != nil:
		cause := context.Cause(ctx)
		return &CommandError{0, &task.Error{Type: task.ErrCanceled, Message: cause.Error(), Err: cause}}
	}
	return nil
}
