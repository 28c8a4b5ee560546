//go:build unix

package process

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/specify-cli/specify/internal/asynccore"
)

// Arguments arrive as they were written: there is no shell.
func TestArguments(t *testing.T) {
	want := []string{
		"", " ", "a b", "; rm -rf /", "$(id)", "`id`", "$HOME", "${PATH}", "*", "~", "a\nb", "a\r\nb", `"`, `'`, `\`, `\n`,
		"-", "--", "-rf", "--help", "--test.run=x", "a|b", "a>b", "&&", "#", "%s%n", "ünï", "\x01\x7f\xff\xfe", strings.Repeat("x", 100_000),
	}
	var stdout bytes.Buffer
	c := play(t, "argv", want...)
	c.Stdout = &stdout
	if _, err := Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(stdout.String(), "\x00"), "\x00")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}

func TestOutputs(t *testing.T) {
	var stdout, stderr bytes.Buffer
	c := script(`echo out; echo err >&2; echo "more out"; echo "more err" >&2; exit 3`)
	c.Stdout, c.Stderr = &stdout, &stderr
	before := time.Now()
	res, err := Run(t.Context(), c)
	if exit, ok := errors.AsType[*ExitError](err); !ok || exit.Code != 3 {
		t.Errorf("Run = %v, want exit status 3", err)
	}
	if stdout.String() != "out\nmore out\n" || stderr.String() != "err\nmore err\n" {
		t.Errorf("stdout %q, stderr %q", &stdout, &stderr)
	}
	if res.StdoutBytes != int64(stdout.Len()) || string(res.StderrTail) != "err\nmore err\n" || res.ExitCode != 3 || res.SignalName() != "" {
		t.Errorf("result %+v", res)
	}
	if res.Started.Before(before) || res.Duration <= 0 || res.Duration > time.Since(before) {
		t.Errorf("started %v, took %v", res.Started, res.Duration)
	}
}

// With no writers there is a tail of stderr and a null device as stdin.
func TestZeroCommand(t *testing.T) {
	res, err := Run(t.Context(), script(`cat; echo discarded; printf 'end of input' >&2`))
	if err != nil || string(res.StderrTail) != "end of input" || res.StdoutBytes != 0 {
		t.Errorf("Run = %+v, %v", res, err)
	}
}

func TestNoTail(t *testing.T) {
	c := script(`echo lost >&2`)
	c.TailBytes = -1
	if res, err := Run(t.Context(), c); err != nil || res.StderrTail != nil {
		t.Errorf("Run = %+v, %v; want no tail", res, err)
	}
}

// All that the command wrote arrives, also when the writer is slower than any
// of our patience and somebody else keeps the pipe open.
func TestSlowWriter(t *testing.T) {
	for name, text := range map[string]string{
		"alone":                `head -c 90000 /dev/zero`,
		"a descendant holds":   `head -c 90000 /dev/zero; sleep 300 &`,
		"a descendant writes":  `head -c 90000 /dev/zero; while :; do echo; sleep 0.1; done &`,
		"an escaped one holds": `head -c 90000 /dev/zero; setsid sleep 2 &`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var zeros int
			c := script(text)
			c.Stdout = writer(func(p []byte) (int, error) {
				zeros += bytes.Count(p, []byte{0})
				time.Sleep(400 * time.Millisecond)
				return len(p), nil
			})
			res, err := Run(t.Context(), c)
			if err != nil || zeros != 90_000 || res.StdoutBytes < 90_000 {
				t.Errorf("%d of 90000 bytes, result %+v, %v", zeros, res, err)
			}
		})
	}
}

// A daemon that never stops writing is out of reach, and holds up nobody.
func TestEscapedWriter(t *testing.T) {
	t.Parallel()
	started := time.Now()
	c := script(`setsid sh -c 'while :; do echo words words words words words words words; done' & sleep 0.2`)
	c.Stdout = writer(func(p []byte) (int, error) {
		if time.Since(started) > 10*time.Second {
			return 0, errors.New("it never ends")
		}
		time.Sleep(time.Duration(len(p)) * time.Microsecond) // slower than it
		return len(p), nil
	})
	if res, err := Run(t.Context(), c); err != nil || res.Duration > 5*time.Second {
		t.Errorf("Run = %+v, %v", res, err)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// A writer that fails ends the command, and is told apart from it.
func TestWriterFails(t *testing.T) {
	full := writer(func(p []byte) (int, error) { return 0, syscall.ENOSPC })
	for name, c := range map[string]Command{
		"stdout": {Stdout: full, Argv: []string{"sh", "-c", `trap "" PIPE TERM; while :; do echo line; done`}},
		"stderr": {Stderr: full, Argv: []string{"sh", "-c", `trap "" PIPE TERM; while :; do echo line >&2; done`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			started := time.Now()
			_, err := Run(t.Context(), c)
			sink, ok := errors.AsType[*SinkError](err)
			if !ok || sink.Stream != name || !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("Run = %v, want a *SinkError of %s", err, name)
			}
			if took := time.Since(started); took > limitGrace+5*time.Second { // it keeps a core busy
				t.Errorf("took %v", took)
			}
		})
	}
	t.Run("at the end", func(t *testing.T) {
		c := script(`echo line`)
		c.Stdout = full
		if _, err := Run(t.Context(), c); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("Run = %v, want a *SinkError: the output is incomplete", err)
		}
	})
	t.Run("short write", func(t *testing.T) {
		c := script(`echo line`)
		c.Stdout = writer(func(p []byte) (int, error) { return len(p) - 1, nil })
		if res, err := Run(t.Context(), c); !errors.Is(err, io.ErrShortWrite) || res.StdoutBytes != 4 {
			t.Errorf("Run = %+v, %v; want a short write of 4 bytes", res, err)
		}
	})
	t.Run("panic", func(t *testing.T) {
		c := script(`echo line`)
		c.Stdout = writer(func([]byte) (int, error) { panic("bug") })
		_, err := Run(t.Context(), c)
		if p, ok := errors.AsType[*asynccore.PanicError](err); !ok || p.Value != "bug" || !bytes.Contains(p.Stack, []byte("TestWriterFails")) {
			t.Errorf("Run = %v, want the panic with its stack", err)
		}
	})
}

func TestContextEndedBefore(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(interrupted(syscall.SIGTERM))
	marker := filepath.Join(t.TempDir(), "started")
	c := Command{Argv: []string{"touch", marker}}
	c.Observe = func(ctx context.Context, name string) (context.Context, func(int, int, error)) {
		t.Error("observed a command that was not to start")
		return ctx, func(int, int, error) {}
	}
	_, err := Run(ctx, c)
	if !errors.Is(err, interrupted(syscall.SIGTERM)) || Status(err) != 143 {
		t.Errorf("Run = %v, want the cause", err)
	}
	if _, err := os.Stat(marker); !os.IsNotExist(err) {
		t.Errorf("the command was started: %v", err)
	}
}

type contextKey struct{}

// The hook gets the name without path and arguments; what it puts into the
// context reaches ChildEnv, and what that returns reaches the command.
func TestHooks(t *testing.T) {
	type end struct {
		Pid, ExitCode int
		Err           string
	}
	for _, test := range []struct {
		name     string
		argv     []string
		wantName string
		want     end
	}{
		{"exit", []string{"/bin/sh", "-c", "printf $MARK; exit 3", "secret"}, "sh", end{1, 3, "exit status 3"}},
		{"ok", []string{"sh", "-c", "printf $MARK"}, "sh", end{1, 0, "<nil>"}},
		{"signal", []string{"sh", "-c", "printf $MARK; kill -KILL $$"}, "sh", end{1, -1, "killed by SIGKILL"}},
		{"start", []string{"./gone", "secret"}, "gone", end{0, -1, `start "./gone": no such file or directory`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout bytes.Buffer
			var name string
			var ends []end
			c := Command{Argv: test.argv, Stdout: &stdout}
			c.Observe = func(ctx context.Context, n string) (context.Context, func(int, int, error)) {
				name = n
				return context.WithValue(ctx, contextKey{}, "span"), func(pid, exitCode int, err error) {
					ends = append(ends, end{min(pid, 1), exitCode, "<nil>"})
					if err != nil {
						ends[len(ends)-1].Err = err.Error()
					}
				}
			}
			c.ChildEnv = func(ctx context.Context, env []string) []string {
				return append(env, "MARK="+ctx.Value(contextKey{}).(string))
			}
			Run(t.Context(), c)
			if name != test.wantName {
				t.Errorf("observed %q, want %q", name, test.wantName)
			}
			if diff := cmp.Diff([]end{test.want}, ends); diff != "" {
				t.Errorf("ends (-want +got):\n%s", diff)
			}
			if test.want.Pid > 0 && stdout.String() != "span" {
				t.Errorf("the command saw MARK=%q", &stdout)
			}
		})
	}
}

// By default a command sees our environment without settings and secrets.
func TestEnvironment(t *testing.T) {
	t.Setenv("SPECIFY_BEARER", "secret")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "secret")
	t.Setenv("OTEL_SERVICE_NAME", "kept")
	t.Setenv("MULTI_LINE", "a\nSPECIFY_X=b")
	t.Setenv(roleEnv, "env")
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	c := play(t, "env")
	c.Env = nil
	var stdout bytes.Buffer
	c.Stdout = &stdout
	if _, err := Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(stdout.String(), "\x00")
	if diff := cmp.Diff(Env(os.Environ()), got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if strings.Contains(stdout.String(), "secret") || !slices.Contains(got, "OTEL_SERVICE_NAME=kept") || !slices.Contains(got, "MULTI_LINE=a\nSPECIFY_X=b") {
		t.Errorf("environment %q", got)
	}
}

// ChildEnv may append without touching the caller's slice.
func TestEnvIsCopied(t *testing.T) {
	env := slices.Grow([]string{"A=1"}, 8)
	c := script(`printf "$A$B"`)
	c.Env = env
	c.ChildEnv = func(_ context.Context, env []string) []string { return append(env, "B=2") }
	var stdout bytes.Buffer
	c.Stdout = &stdout
	if _, err := Run(t.Context(), c); err != nil || stdout.String() != "12" {
		t.Errorf("Run: %v, the command saw %q", err, &stdout)
	}
	if extra := env[:2][1]; extra != "" {
		t.Errorf("the caller's slice got %q", extra)
	}
}

func TestDir(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	program(t, dir, "here", "#!/bin/sh\nprintf '%s %s' \"$PWD\" \"$(pwd -P)\"\n", 0o777)
	var stdout bytes.Buffer
	if _, err := Run(t.Context(), Command{Argv: []string{"./here"}, Dir: dir, Stdout: &stdout}); err != nil {
		t.Fatal(err)
	}
	if want := dir + " " + dir; stdout.String() != want {
		t.Errorf("PWD and directory %q, want %q", &stdout, want)
	}
	c := play(t, "env") // a shell would mend a wrong PWD
	c.Env = append(c.Env, "PWD=/elsewhere")
	c.Dir = dir
	stdout.Reset()
	c.Stdout = &stdout
	if _, err := Run(t.Context(), c); err != nil || !slices.Contains(strings.Split(stdout.String(), "\x00"), "PWD="+dir) {
		t.Errorf("Run: %v, the environment is %q", err, &stdout)
	}
}

// Binary output passes unchanged, in both streams at once.
func TestBinaryOutput(t *testing.T) {
	want := make([]byte, 3<<20+17)
	rand.Read(want)
	file := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(file, want, 0o666); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	c := script(`cat "$1" & cat "$1" >&2; wait`, file)
	c.Stdout, c.Stderr = &stdout, &stderr
	res, err := Run(t.Context(), c)
	if err != nil || res.StdoutBytes != int64(len(want)) {
		t.Errorf("Run = %+v, %v", res, err)
	}
	if !bytes.Equal(stdout.Bytes(), want) || !bytes.Equal(stderr.Bytes(), want) {
		t.Errorf("%d and %d bytes are not the %d written", stdout.Len(), stderr.Len(), len(want))
	}
	if len(res.StderrTail) > DefaultTailBytes {
		t.Errorf("tail of %d bytes", len(res.StderrTail))
	}
}
