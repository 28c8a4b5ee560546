package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/specify-cli/specify/internal/commands"
	"github.com/specify-cli/specify/internal/runtime/process"
)

// echo is within what time of the first a second signal is taken for the same:
// timeout(1) sends its signal to the process and then to the process's group.
// Nobody presses a key twice that fast.
const echo = 50 * time.Millisecond

// signals returns a context that the first SIGINT, SIGTERM or SIGHUP ends, with
// a *commands.SignalError as its cause. The second ends the process at once,
// and with it the commands that it runs. Until take is called, before anything
// begins that would have to be ended, a signal does what it does by default.
// They are taken until the process ends: to give them back takes as long as the
// rest of its end.
//
// SIGPIPE is taken at once, so that writing to a closed pipe is an error like
// another, and temporary files are removed; it is not ignored, because children
// would inherit that.
func signals(parent context.Context, leave func()) (ctx context.Context, take func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // which nobody reads
	return ctx, func() {
		got := make(chan os.Signal, 2)
		signal.Notify(got, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
		go func() {
			var first time.Time
			for s := range got {
				switch {
				case first.IsZero():
					first = time.Now()
					cancel(&commands.SignalError{Got: s.(syscall.Signal)})
				case time.Since(first) > echo:
					process.KillAll()
					leave()
					os.Exit(commands.Status(ctx, nil))
				}
			}
		}()
	}
}
