package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/specify-cli/specify/internal/commands"
	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/runtime/config"
	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/runtime/journal"
	"github.com/specify-cli/specify/internal/runtime/lists"
	"github.com/specify-cli/specify/internal/telemetry"
)

// execute builds the adapters, the operations on them and the commands on
// those, each wrapped in spans, and runs the command line.
func execute(ctx context.Context) error {
	spans, err := startTelemetry(ctx)
	if err != nil {
		return err
	}
	defer endTelemetry(ctx, spans)

	connect := connector(spans)
	outputs := bodies{files.Outputs{Out: os.Stdout}}
	fetch := ops.Fetch{Connect: connect, Outputs: outputs, Span: taskSpan(spans)}
	batch := ops.Batch{
		Lists: lists.Lists{Stdin: os.Stdin}, Connect: connect, Outputs: outputs, Results: openResults, Span: taskSpan(spans),
	}
	var root *cobra.Command
	root = commands.New(commands.Ops{
		Fetch: telemetry.Around(spans, "ops.Fetch", fetch.Run),
		Batch: telemetry.Around(spans, "ops.Batch", batch.Run),
	}, commands.World{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Terminal: isTerminal(os.Stdout),
		Configure: func(fs *pflag.FlagSet, explicit string) error { return configure(root, fs, explicit) },
		ReadFile:  readFile,
	})
	spans.Commands(root)
	return root.ExecuteContext(spans.Root(ctx))
}

// configure completes flags from the environment and the configuration file.
// Any command's flag is a setting that the file may hold.
func configure(root *cobra.Command, flags *pflag.FlagSet, explicit string) error {
	known := func(key string) bool {
		for _, cmd := range root.Commands() {
			if f := cmd.Flags().Lookup(key); f != nil && !f.Hidden {
				return true
			}
		}
		return false
	}
	err := config.Source{Getenv: os.Getenv}.Apply(flags, known, explicit)
	if wrong, ok := errors.AsType[*config.Error](err); ok {
		return &ops.InputError{Place: wrong.Place, Err: wrong.Err}
	}
	return err
}

// connector makes the transport stack of a run.
func connector(spans *telemetry.Telemetry) ops.Connect {
	return func(s ops.Settings) (ops.Connection, error) {
		hooks := hooks(spans, s.Tell)
		gate := httpx.NewGate(httpx.GateConfig{
			PerHost: s.PerHost, Rate: s.Rate, RateHost: s.RateHost,
			Failures: s.BreakerFailures, Cooldown: s.BreakerCooldown, Successes: s.BreakerSuccesses,
			Retries: s.Retry.Max > 0, LongestWait: s.Retry.MaxTime, Deadline: s.Deadline, Hooks: hooks,
		})
		client := httpx.New(httpx.Config{
			Header: s.Header, ContentType: s.ContentType,
			ConnectTimeout: s.ConnectTimeout, ReadTimeout: s.ReadTimeout, MaxTime: s.MaxTime,
			NoRedirects: s.NoLocation, MaxRedirects: s.MaxRedirects, RedirectTo: s.ProtoRedir, MaxBody: s.MaxFilesize,
			Retry: s.Retry, RetryOn: s.RetryOn, RetryAll: s.RetryAll, RetryUnsafe: s.RetryUnsafe,
			Connections: s.Jobs, PerHost: s.PerHost, Gate: gate, Hooks: hooks, Span: spans.Transport,
		})
		return ops.Connection{Fetcher: client, Gate: gate, Close: client.Close}, nil
	}
}

// bodies are the outputs as operations see them.
type bodies struct{ files.Outputs }

func (b bodies) Stdout() ops.Output { return b.Outputs.Stdout() }
func (b bodies) None() ops.Output   { return files.None{} }
func (b bodies) File(path string) (ops.Output, error) {
	return b.Outputs.File(path)
}

// openResults opens the journal of a run: a file, standard output ("-"), or
// nothing ("").
func openResults(name string) (ops.Results, error) {
	switch name {
	case "":
		return journal.NewStream(io.Discard, "nowhere"), nil
	case "-":
		return journal.NewStream(os.Stdout, "standard output"), nil
	}
	j, err := journal.Open(name, journal.Options{})
	if err == nil {
		return j, nil
	}
	if _, taken := errors.AsType[*journal.LockedError](err); taken {
		return nil, &ops.InputError{Err: err}
	}
	if _, there := errors.AsType[*journal.NotEmptyError](err); there {
		return nil, &ops.InputError{Err: err}
	}
	return nil, &ops.LocalError{Err: err}
}

func readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name)
}

func isTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd()))
}
