package commands

import (
	"bytes"
	"context"
	"errors"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/task"
)

// runExec runs a command line with an operation that keeps the request, and returns
// the exit status.
func runExec(t *testing.T, ctx context.Context, rec *task.Record, args ...string) (req *ops.ExecRequest, stderr string, status int) {
	t.Helper()
	var errs bytes.Buffer
	root := New(Ops{Exec: func(_ context.Context, r ops.ExecRequest) (ops.ExecResult, error) {
		req = &r
		return ops.ExecResult{Record: rec}, nil
	}}, World{Out: io.Discard, Err: &errs, Configure: func(*pflag.FlagSet, string) error { return nil }})
	root.SetArgs(append([]string{"exec"}, args...))
	err := root.ExecuteContext(ctx)
	return req, errs.String(), Status(ctx, err)
}

func codes(t *testing.T, list string) ops.ExitCodes {
	t.Helper()
	c, err := ops.ParseExitCodes(list)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestExecRequest(t *testing.T) {
	standard := asynccore.RetryPolicy{Max: 3, Base: time.Second, Cap: 30 * time.Second, Factor: 2, MaxTime: 5 * time.Minute}
	other := asynccore.RetryPolicy{
		Max: 9, Base: 2 * time.Second, Cap: 4 * time.Second, Factor: 2, MaxTime: time.Hour, Jitter: asynccore.JitterNone,
	}
	tests := []struct {
		args []string
		want ops.ExecRequest
	}{
		{[]string{"--", "true"}, ops.ExecRequest{Argv: []string{"true"}, Retry: standard, RetryOn: codes(t, "1-125,128-255")}},
		{[]string{"true", "-m", "1", "--", "--retry"}, ops.ExecRequest{Argv: []string{"true", "-m", "1", "--", "--retry"}, Retry: standard, RetryOn: codes(t, ops.DefaultRetryCodes)}},
		{[]string{"--", "--"}, ops.ExecRequest{Argv: []string{"--"}, Retry: standard, RetryOn: codes(t, ops.DefaultRetryCodes)}},
		{[]string{"--", "exec", "", "a\nb"}, ops.ExecRequest{Argv: []string{"exec", "", "a\nb"}, Retry: standard, RetryOn: codes(t, ops.DefaultRetryCodes)}},
		{
			[]string{"-m", "90", "--retry", "9", "--retry-delay", "2s", "--retry-max-delay", "4", "--retry-max-time", "1h", "--retry-jitter", "none", "--retry-on", "1,75,100-120", "-r", "f", "--", "x"},
			ops.ExecRequest{Argv: []string{"x"}, MaxTime: 90 * time.Second, Retry: other, RetryOn: codes(t, "1,75,100-120"), Results: "f"},
		},
	}
	for _, tt := range tests {
		req, _, status := runExec(t, t.Context(), &task.Record{}, tt.args...)
		if req == nil || status != 0 {
			t.Errorf("%q: exit status %d", tt.args, status)
			continue
		}
		req.Tell = nil
		if diff := cmp.Diff(tt.want, *req, cmp.AllowUnexported(ops.ExitCodes{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.args, diff)
		}
	}
}

// A deadline is set from now on.
func TestExecDeadline(t *testing.T) {
	before := time.Now()
	req, _, _ := runExec(t, t.Context(), &task.Record{}, "--deadline", "1m", "--", "true")
	if early, late := before.Add(time.Minute), time.Now().Add(time.Minute); req.Deadline.Before(early) || req.Deadline.After(late) {
		t.Errorf("deadline %v, want between %v and %v", req.Deadline, early, late)
	}
}

// A command's own exit status counts for more than the signal that we got, and
// ours for nothing else than our own failures.
func TestExecExitStatus(t *testing.T) {
	signaled, cancel := context.WithCancelCause(t.Context())
	cancel(&SignalError{Got: syscall.SIGTERM})
	if _, _, status := runExec(t, signaled, &task.Record{}, "--", "true"); status != 0 {
		t.Errorf("a command that survived the signal: %d", status)
	}
	late := &task.Record{Error: &task.Error{Type: task.ErrTimeoutTotal, Message: "late", Err: context.DeadlineExceeded}, Attempts: 1, Duration: 2 * time.Second}
	if _, stderr, status := runExec(t, t.Context(), late, "--", "true"); status != 124 || stderr != "specify: error: late in 2.0s\n" {
		t.Errorf("a timeout: %d, %q", status, stderr)
	}
	for _, args := range [][]string{{}, {"--"}, {"--no-such-flag", "--", "true"}, {"--retry", "-1", "--", "true"}, {"-r", "-", "--", "true"}, {"--retry-on", "", "--", "true"}} {
		if req, _, status := runExec(t, t.Context(), nil, args...); req != nil || status != 125 {
			t.Errorf("%q: %d, want 125", args, status)
		}
	}
	if status := Status(t.Context(), &CommandError{failedStatus, &asynccore.PanicError{Value: errors.New("bug")}}); status != 70 {
		t.Errorf("a bug: %d, want 70", status)
	}
}
