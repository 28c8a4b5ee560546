// Command specify fetches one URL or millions and gives one truthful result for
// each.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"runtime/debug"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/commands"
	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/telemetry"
)

func main() { os.Exit(profiled(func() int { return run(connector) })) }

// gcPercent has the collector run a little earlier than by default: 0.7 MiB of
// 24 for a list of one origin, 10 % where there are thousands of connections, and
// no more processor time than can be told from noise.
const gcPercent = 80

// run is main with a status, so that deferred calls are made on every path.
// connect makes what operations send their requests through.
func run(connect func(*telemetry.Telemetry) ops.Connect) (status int) {
	screen := commands.NewScreen(os.Stderr)
	console := commands.NewConsole(screen, telemetry.NewLogger)
	defer func() {
		if p := recover(); p != nil {
			screen.Close()
			commands.Report(console, &asynccore.PanicError{Value: p, Stack: debug.Stack()})
			status = 70
		}
	}()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	log.SetOutput(io.Discard) // net/http writes there what servers say
	ctx, stop := signals(context.Background(), screen.Close)
	defer stop()
	err := execute(ctx, screen, console, connect)
	screen.Close()
	commands.Report(console, err)
	return commands.Status(ctx, err)
}
