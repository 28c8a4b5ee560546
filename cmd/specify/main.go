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

// When the collector runs, where GOGC does not say. A little earlier than by
// default saves 0.7 MiB of 24 for a list of one origin, 10 % where there are
// thousands of connections, and costs no more processor time than can be told
// from noise. Where there is a multiple of the garbage, later saves time: with
// spans a tenth, over HTTP/2 a fifth, for 4 MiB of 24, or 40 % of what a thousand
// connections take.
const (
	gcPercent     = 80
	gcPercentMuch = 200 // with spans, and with whatever http.Transport sends
)

func collectAt(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

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
	collectAt(gcPercent)
	log.SetOutput(io.Discard) // net/http writes there what servers say
	ctx, takeSignals := signals(context.Background(), screen.Close)
	err := execute(ctx, takeSignals, screen, console, connect)
	screen.Close()
	commands.Report(console, err)
	return commands.Status(ctx, err)
}
