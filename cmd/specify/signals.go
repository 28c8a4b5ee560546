package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/commands"
	"github.com/specify-cli/specify/internal/runtime/process"
)

// echo is within what time of the first a second signal is taken for the same:
// timeout(1) sends its signal to the process and then to the process's group.
// Nobody presses a key twice that fast.
const echo = 50 * time.Millisecond

// signals returns a context that the first SIGINT, SIGTERM or SIGHUP ends, with
// a *commands.SignalError as its cause. The second ends the process at once,
// and with it the commands that it runs.
//
// SIGPIPE is taken so that writing to a closed pipe is an error like another,
// and temporary files are removed; it is not ignored, because children would
// inherit that.
func signals(parent context.Context, leave func()) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	got := make(chan os.Signal, 2)
	signal.Notify(got, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	watching := asynccore.Background(parent, func(stopped context.Context) (struct{}, error) {
		var first time.Time
		for {
			select {
			case s := <-got:
				switch {
				case first.IsZero():
					first = time.Now()
					cancel(&commands.SignalError{Got: s.(syscall.Signal)})
				case time.Since(first) > echo:
					process.KillAll()
					leave()
					os.Exit(commands.Status(ctx, nil))
				}
			case <-pipe:
			case <-stopped.Done():
				return struct{}{}, nil
			}
		}
	})
	return ctx, func() {
		signal.Stop(got)
		signal.Stop(pipe)
		watching.Cancel(nil)
		<-watching.Done()
		cancel(nil)
	}
}
