package ops

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
	"github.com/specify-cli/specify/internal/runtime/journal"
	"github.com/specify-cli/specify/internal/runtime/process"
	"github.com/specify-cli/specify/internal/task"
)

type signalCause struct{ sig syscall.Signal }

func (e signalCause) Error() string          { return "signal" }
func (e signalCause) Signal() syscall.Signal { return e.sig }

func TestExecStatus(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want int
	}{
		{"ok", nil, 0},
		{"its own", &process.ExitError{Code: 42}, 42},
		{"signal", &process.SignalError{Signal: syscall.SIGKILL}, 137},
		{"not found", &process.StartError{NotFound: true, Err: syscall.ENOENT}, 127},
		{"not executable", &process.StartError{NotExecutable: true, Err: syscall.EACCES}, 126},
		{"not its fault", &process.StartError{Err: syscall.EMFILE}, 125},
		{"timeout", &process.TimeoutError{Limit: time.Second}, 124},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res, err := Exec{Runner: &attempts{plan: all(fails(tt.err))}}.Run(t.Context(), ExecRequest{Argv: []string{"prog"}})
			if err != nil || res.Status() != tt.want {
				t.Errorf("status %d, %v, want %d", res.Status(), err, tt.want)
			}
		})
	}
}

// The deadline is 124 whether the command runs or waits to be tried again; a
// signal while it waits is 128+n.
func TestExecStopped(t *testing.T) {
	tests := []struct {
		name   string
		runner *attempts
		signal syscall.Signal
		want   int
	}{
		{"deadline while running", &attempts{plan: all(exits(0, time.Hour))}, 0, 124},
		{"deadline while waiting", &attempts{plan: all(exits(3, 0))}, 0, 124},
		{"signal while waiting", &attempts{plan: all(exits(3, 0))}, syscall.SIGHUP, 129},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if tt.signal != 0 {
					time.AfterFunc(time.Second, func() { cancel(signalCause{tt.signal}) })
				}
				start := time.Now()
				res, err := Exec{Runner: tt.runner}.Run(ctx, ExecRequest{
					Argv: []string{"prog"}, Deadline: start.Add(2 * time.Second), RetryOn: defaultRetryCodes,
					Retry: asynccore.RetryPolicy{Max: 3, Base: time.Minute, Jitter: asynccore.JitterNone},
				})
				if err != nil || res.Status() != tt.want || res.Record.Outcome != task.Unfinished || len(tt.runner.began) != 1 {
					t.Errorf("status %d, %v after %d attempts, %+v, want %d", res.Status(), err, len(tt.runner.began), res.Record, tt.want)
				}
				want := 2 * time.Second
				if tt.signal != 0 {
					want = time.Second
				}
				if took := time.Since(start); took != want {
					t.Errorf("took %v, want %v", took, want)
				}
			})
		})
	}
}

// inMemory are results in memory.
type inMemory struct{ lines []string }

func (l *inMemory) Append(line []byte) error { l.lines = append(l.lines, string(line)); return nil }
func (l *inMemory) Failed() <-chan struct{}  { return nil }
func (l *inMemory) Err() error               { return nil }
func (l *inMemory) Done(string) (int64, bool) {
	return 0, false
}
func (l *inMemory) Close() error { return nil }

// Another exec has the results locked for a moment, which is waited for; a
// batch for longer, and then the command is not run.
func TestExecWaitsForResults(t *testing.T) {
	for _, busy := range []time.Duration{time.Second, time.Minute} {
		bubble.Test(t, func(t *testing.T) {
			free := time.Now().Add(busy)
			var kept inMemory
			open := func(string, bool) (Results, error) {
				if time.Now().Before(free) {
					return nil, &InputError{Err: &journal.LockedError{Path: "r"}}
				}
				return &kept, nil
			}
			runner := &attempts{plan: all(exits(0, 0))}
			_, err := Exec{Runner: runner, Results: open}.Run(t.Context(), ExecRequest{Argv: []string{"prog"}, Results: "r"})
			if busy == time.Second && (err != nil || len(runner.began) != 1 || len(kept.lines) != 1) {
				t.Errorf("%v after %d attempts, records: %q", err, len(runner.began), kept.lines)
			}
			if _, locked := errors.AsType[*journal.LockedError](err); busy == time.Minute && (!locked || len(runner.began) != 0) {
				t.Errorf("%v after %d attempts", err, len(runner.began))
			}
		})
	}
}

func TestExecWithoutResults(t *testing.T) {
	runner := &attempts{plan: all(exits(0, 0))}
	open := func(string, bool) (Results, error) { return nil, &LocalError{syscall.EACCES} }
	_, err := Exec{Runner: runner, Results: open}.Run(t.Context(), ExecRequest{Argv: []string{"prog"}, Results: "r"})
	if _, local := errors.AsType[*LocalError](err); !local || len(runner.began) != 0 {
		t.Errorf("%v after %d attempts, want a *LocalError and none", err, len(runner.began))
	}
}
