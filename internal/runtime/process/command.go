package process

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// DefaultGrace is what a Command with Grace 0 gets.
const DefaultGrace = 5 * time.Second

// DefaultTailBytes is what a Command with TailBytes 0 keeps of stderr.
const DefaultTailBytes = 4 << 10

// Command is one program to run. Only Argv is required. A Command may be run
// many times, also at once if its writers and hooks allow that.
type Command struct {
	// Argv is the program and its arguments; the program sees them byte for
	// byte. A name without a slash is looked up in PATH.
	Argv []string

	// Env is the whole environment, the last value of a name wins. Nil means
	// Env(os.Environ()) in the background and os.Environ() in the foreground.
	Env []string

	// Dir is the working directory; empty means ours. A relative program path
	// is relative to Dir.
	Dir string

	// Foreground gives the command our stdin, stdout and stderr as they are;
	// Stdout, Stderr and TailBytes are ignored. At most one command runs in
	// the foreground at a time.
	Foreground bool

	// Stdout and Stderr receive what the command writes, each from a
	// goroutine of its own, in pieces of at most 32 KiB. Nil discards. A Write
	// that fails stops the command; one that blocks blocks the command, and
	// Run until it returns.
	Stdout, Stderr io.Writer

	// TailBytes is how much of the end of stderr the Result keeps. 0 means
	// DefaultTailBytes, a negative number none.
	TailBytes int

	// Limit is how long the command may run. 0 means no limit.
	Limit time.Duration

	// Grace is the time between the signal and SIGKILL when the context ends.
	// After Limit it is cut to 500 ms, so that a command is gone within a
	// second of its limit. 0 means DefaultGrace, a negative value none.
	Grace time.Duration

	// Observe is called with the program's base name before the start, and
	// the function that it returns once at the end; pid is 0 if nothing was
	// started, exitCode -1 if there is none. Arguments are kept from it on
	// purpose: they carry secrets. May be nil.
	Observe func(ctx context.Context, name string) (context.Context, func(pid, exitCode int, err error))

	// ChildEnv returns the environment to start the command with, given the
	// one that it would get; it may append to env. ctx is Observe's. May be nil.
	ChildEnv func(ctx context.Context, env []string) []string
}

// Result is how a command ended. It is meaningful beside an error too.
type Result struct {
	Pid         int            // 0 if it was not started
	ExitCode    int            // -1 if a signal ended it or it was not started
	Signal      syscall.Signal // what ended it, else 0
	StderrTail  []byte         // the end of stderr, valid UTF-8; nil in the foreground
	StdoutBytes int64          // bytes that Stdout took
	Started     time.Time      // zero if it was not started
	Duration    time.Duration  // from Started until the process and its outputs had ended
}

// SignalName returns the name of the signal that ended the command, such as
// "SIGKILL", or "".
func (r Result) SignalName() string {
	if r.Signal == 0 {
		return ""
	}
	return signalName(r.Signal)
}

// executable is the program's base name, for spans.
func (c Command) executable() string {
	name := filepath.Base(c.Argv[0])
	return strings.ToValidUTF8(name, "\uFFFD")
}

func (c Command) grace() time.Duration {
	if c.Grace == 0 {
		return DefaultGrace
	}
	return max(0, c.Grace)
}

func (c Command) tailBytes() int {
	if c.TailBytes == 0 {
		return DefaultTailBytes
	}
	return max(0, c.TailBytes)
}
