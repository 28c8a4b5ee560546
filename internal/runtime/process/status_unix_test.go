//go:build unix

package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The statuses are those that a shell reports for the same words.
func TestStatusAsShell(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	locked := program(t, dir, "locked", "#!/bin/sh\nexit 0\n", 0o666)
	five := program(t, dir, "five", "#!/bin/sh\nexit 5\n", 0o777)
	noInterpreter := program(t, dir, "no-interpreter", "#!/nonexistent/sh\n", 0o777)
	garbage := program(t, dir, "garbage", "\x7fELF garbage", 0o777)
	bare := program(t, dir, "bare", "exit 5\n", 0o777)
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))

	for _, test := range []struct {
		name  string
		argv  []string
		want  int
		wantT string // of the error
		alone bool   // shells differ among themselves, or from us
	}{
		{name: "true", argv: []string{"true"}, want: 0},
		{name: "false", argv: []string{"false"}, want: 1, wantT: "exit"},
		{name: "largest status", argv: []string{"sh", "-c", "exit 255"}, want: 255, wantT: "exit"},
		{name: "script", argv: []string{five}, want: 5, wantT: "exit"},
		{name: "script in PATH", argv: []string{"five"}, want: 5, wantT: "exit"},
		{name: "own 124", argv: []string{"sh", "-c", "exit 124"}, want: 124, wantT: "exit"},
		{name: "SIGKILL", argv: []string{"sh", "-c", "kill -9 $$"}, want: 137, wantT: "signal"},
		{name: "SIGTERM", argv: []string{"sh", "-c", "kill -TERM $$"}, want: 143, wantT: "signal"},
		{name: "SIGHUP", argv: []string{"sh", "-c", "kill -HUP $$"}, want: 129, wantT: "signal"},
		{name: "SIGSEGV", argv: []string{"sh", "-c", "ulimit -c 0; kill -SEGV $$"}, want: 139, wantT: "signal"},
		{name: "missing in PATH", argv: []string{"no-such-program"}, want: 127, wantT: "start"},
		{name: "missing path", argv: []string{"./no-such-program"}, want: 127, wantT: "start"},
		{name: "empty name", argv: []string{""}, want: 127, wantT: "start"},
		{name: "directory", argv: []string{folder}, want: 126, wantT: "start"},
		{name: "directory in PATH", argv: []string{"folder"}, want: 127, wantT: "start"},
		{name: "root", argv: []string{"/"}, want: 126, wantT: "start"},
		{name: "without the run bit", argv: []string{locked}, want: 126, wantT: "start"},
		{name: "no program", argv: []string{garbage}, want: 126, wantT: "start"},
		// dash says 127 to these three, bash 5 what we say.
		{name: "without the run bit in PATH", argv: []string{"locked"}, want: 126, wantT: "start", alone: true},
		{name: "below a file", argv: []string{five + "/x"}, want: 126, wantT: "start", alone: true},
		{name: "circular link", argv: []string{loop}, want: 126, wantT: "start", alone: true},
		// bash 3 and zsh say 126.
		{name: "without its interpreter", argv: []string{noInterpreter}, want: 127, wantT: "start", alone: true},
		// Shells run it themselves; we have none.
		{name: "script without #!", argv: []string{bare}, want: 126, wantT: "start", alone: true},
		{name: "arguments too long", argv: []string{"true", strings.Repeat("a", 8<<20)}, want: 126, wantT: "start", alone: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			res, err := Run(t.Context(), Command{Argv: test.argv})
			if got := Status(err); got != test.want {
				t.Errorf("status %d, want %d (%v)", got, test.want, err)
			}
			if got := errorType(err); got != test.wantT {
				t.Errorf("%v is of type %q, want %q", err, got, test.wantT)
			}
			wantExit := test.want
			if test.wantT == "start" || test.wantT == "signal" {
				wantExit = -1
			}
			if started := test.wantT != "start"; res.ExitCode != wantExit || (res.Pid > 0) != started || (res.Signal != 0) != (test.wantT == "signal") {
				t.Errorf("result %+v, want exit code %d", res, wantExit)
			}
			if test.alone {
				return
			}
			shell := exec.Command("sh", append([]string{"-c", `"$@"; exit $?`, "sh"}, test.argv...)...)
			shell.Dir = dir
			shell.Run() // its status says it all
			if got := shell.ProcessState.ExitCode(); got != test.want {
				t.Errorf("sh says %d, the table %d", got, test.want)
			}
		})
	}
}

func errorType(err error) string {
	if typed, ok := err.(interface{ ErrorType() string }); ok {
		return typed.ErrorType()
	}
	return ""
}

// What keeps a good program from starting is no word on the program.
func TestStartRefused(t *testing.T) {
	dir := t.TempDir()
	file := program(t, dir, "file", "", 0o666)
	for name, c := range map[string]Command{
		"no command":        {},
		"missing directory": {Argv: []string{"true"}, Dir: filepath.Join(dir, "gone")},
		"file as directory": {Argv: []string{"true"}, Dir: file},
		"NUL in argument":   {Argv: []string{"true", "a\x00b"}},
		"NUL in name":       {Argv: []string{"./a\x00b"}},
	} {
		t.Run(name, func(t *testing.T) {
			res, err := Run(t.Context(), c)
			start, ok := errors.AsType[*StartError](err)
			if !ok || start.NotFound || start.NotExecutable || Status(err) != 125 {
				t.Errorf("Run = %v (%d), want a *StartError of status 125", err, Status(err))
			}
			if res.Pid != 0 || res.ExitCode != -1 || !res.Started.IsZero() {
				t.Errorf("result %+v of a command that never started", res)
			}
		})
	}
}

// A program that only a relative entry of PATH finds is not run: an empty
// entry, which means the working directory, is put there by accident.
func TestRelativePath(t *testing.T) {
	dir := t.TempDir()
	program(t, dir, "five", "#!/bin/sh\nexit 5\n", 0o777)
	t.Chdir(dir)
	for _, path := range []string{".", ":/bin"} {
		t.Setenv("PATH", path)
		_, err := Run(t.Context(), Command{Argv: []string{"five"}})
		if !errors.Is(err, exec.ErrDot) || Status(err) != 126 {
			t.Errorf("with PATH=%q: %v (%d), want 126", path, err, Status(err))
		}
	}
}

// An error names the program, and nothing that may be a secret.
func TestStartErrorHidesArguments(t *testing.T) {
	_, err := Run(t.Context(), Command{Argv: []string{"./no\x1b[31m-such", "--password=hunter2"}})
	if err == nil || err.Error() != `start "./no\x1b[31m-such": no such file or directory` {
		t.Errorf("Run = %v", err)
	}
	if !errors.Is(err, syscall.ENOENT) {
		t.Errorf("%v is not ENOENT", err)
	}
}

func TestStatusOfErrors(t *testing.T) {
	for _, test := range []struct {
		err   error
		want  int
		wantT string
	}{
		{&TimeoutError{Limit: time.Second}, 124, "timeout_total"},
		{fmt.Errorf("attempt 3: %w", &TimeoutError{Limit: time.Second}), 124, ""},
		{&CanceledError{Cause: context.DeadlineExceeded}, 124, "timeout_total"},
		{&CanceledError{Cause: context.Canceled}, 125, "canceled"},
		{&CanceledError{Cause: interrupted(syscall.SIGINT)}, 130, "canceled"},
		{&CanceledError{Cause: fmt.Errorf("run: %w", interrupted(syscall.SIGTERM))}, 143, "canceled"},
		{&SinkError{Stream: "stdout", Err: syscall.ENOSPC}, 125, "output"},
		{&SinkError{Stream: "stdout", Err: fmt.Errorf("body: %w", tooLarge{})}, 125, "too_large"},
		{fmt.Errorf("attempt 3: %w", &ExitError{Code: 7}), 7, ""},
		{errors.New("anything else"), 125, ""},
	} {
		if got := Status(test.err); got != test.want {
			t.Errorf("Status(%v) = %d, want %d", test.err, got, test.want)
		}
		if got := errorType(test.err); got != test.wantT {
			t.Errorf("type of %v is %q, want %q", test.err, got, test.wantT)
		}
	}
}

type tooLarge struct{}

func (tooLarge) Error() string     { return "over 1 MiB" }
func (tooLarge) ErrorType() string { return "too_large" }
