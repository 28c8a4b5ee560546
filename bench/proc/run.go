package proc

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// Command is a program to run. Its standard output is thrown away.
type Command struct {
	Args  []string // the program and its arguments
	Dir   string   // where it runs; its standard error is kept there as "stderr"
	Env   []string // the whole environment; nil is ours
	Stdin string   // a file; "" is the null device
	Core  int      // the only core that it and its children may use, one of Cores; Any is all of them
}

// Usage is what a process and the children that it waited for have used.
type Usage struct {
	Wall time.Duration
	CPU  time.Duration // user and system, of all of them
	// Peak is the largest resident set of any one of them, in bytes. Linux
	// lets a program inherit the peak of the process that starts it
	// (setmax_mm_hiwater_rss in fs/exec.c), so none is
	// below Floor.
	Peak int64
}

// Run runs c to its end. The error of a program that does not end with status 0
// holds the end of what it said on standard error.
func Run(ctx context.Context, c Command) (Usage, error) {
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	stderr, err := os.Create(filepath.Join(c.Dir, "stderr"))
	if err != nil {
		return Usage{}, err
	}
	defer stderr.Close()
	cmd.Stderr = stderr
	if c.Stdin != "" {
		in, err := os.Open(c.Stdin)
		if err != nil {
			return Usage{}, err
		}
		defer in.Close()
		cmd.Stdin = in
	}
	began := time.Now()
	if err := Start(cmd, c.Core); err != nil {
		return Usage{}, err
	}
	err = cmd.Wait()
	u := Usage{Wall: time.Since(began), CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.Peak = used.Maxrss * maxrssUnit()
	}
	if err != nil {
		return u, fmt.Errorf("%s: %w: %s", filepath.Base(c.Args[0]), err, lastWords(stderr.Name()))
	}
	return u, nil
}

// maxrssUnit is the unit of ru_maxrss, in bytes (getrusage(2) of each system).
func maxrssUnit() int64 {
	if runtime.GOOS == "darwin" {
		return 1
	}
	return 1024
}

// lastWords are the last few lines of a file.
func lastWords(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(text[max(0, len(text)-400):]))
}
