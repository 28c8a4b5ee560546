package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/commands"
	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/runtime/cache"
	"github.com/specify-cli/specify/internal/runtime/config"
	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/runtime/journal"
	"github.com/specify-cli/specify/internal/runtime/lists"
	"github.com/specify-cli/specify/internal/runtime/process"
	"github.com/specify-cli/specify/internal/telemetry"
)

// execute builds the adapters, the operations on them and the commands on
// those, each wrapped in spans, and runs the command line.
func execute(ctx context.Context, takeSignals func(), screen *commands.Screen, console *commands.Console, connector func(*telemetry.Telemetry) ops.Connect) error {
	spans := new(telemetry.Telemetry) // off, until a command that runs something starts it
	defer endTelemetry(ctx, spans, console)
	openResults := resultsOpener(screen.Over(os.Stdout))

	connect := ops.Cached(connector(spans), openCache)
	fetch := ops.Fetch{Connect: connect, Outputs: files.Outputs{Out: os.Stdout}, Span: taskSpan(spans)}
	batch := ops.Batch{
		Lists: lists.Lists{Stdin: os.Stdin}, Connect: connect, Runner: runner{spans}, Folder: openFolder, Results: openResults, Span: taskSpan(spans),
	}
	plan := ops.Plan{Lists: batch.Lists, Folder: lookAtFolder, Done: lookAtResults}
	exec := ops.Exec{Runner: runner{spans}, Results: openResults, Span: operationSpan(spans)}
	reporter := ops.Report{Open: openRecords, Write: writeFile}
	queued := ops.Queued{Lists: batch.Lists, Open: openQueue, Results: openResults, Folder: lookAtFolder, Bodies: openBodyFolder, Names: runNames{}}
	worker := ops.Worker{Open: openQueue, Connect: connect, Runner: runner{spans}, Folder: openWorkerFolder, Spool: openSpool, Span: taskSpan(spans)}
	root := commands.New(commands.Ops{
		Fetch:  telemetry.Around(spans, "ops.Fetch", told(console, fetch.Run)),
		Batch:  telemetry.Around(spans, "ops.Batch", told(console, planned(spans, batch.Run))),
		Plan:   telemetry.Around(spans, "ops.Plan", plan.Run),
		Report: telemetry.Around(spans, "ops.Report", reporter.Run),
		Exec:   telemetry.Around(spans, "ops.Exec", told(console, exec.Run)),
		Queued: telemetry.Around(spans, "ops.Queued", told(console, queued.Run)),
		Worker: telemetry.Around(spans, "ops.Worker", told(console, worker.Run)),
	}, commands.World{
		Args: os.Args[1:],
		In:   os.Stdin, Out: os.Stdout, Err: console, Terminal: isTerminal(os.Stdout), Screen: screen, Getenv: os.Getenv,
		Trace: traced(ctx, takeSignals, spans),
		Configure: func(fs *pflag.FlagSet, explicit string) error {
			return configure(fs, allSettings, explicit)
		},
		Origin:     config.Origin,
		Places:     places,
		ReadFile:   readFile,
		ReadSums:   readSums,
		AppendFile: appendFile,
	})
	cmd, err := root.ExecuteContextC(ctx)
	if f := cmd.Flags().Lookup("log-format"); f != nil && f.Value.String() == "json" {
		console.JSON() // also where the flags behind it make no sense
	}
	return err
}

// configure completes flags from the environment and the configuration file,
// which may hold any of the settings.
func configure(flags *pflag.FlagSet, settings func() *pflag.FlagSet, explicit string) error {
	return badInput(config.Source{Getenv: os.Getenv}.Apply(flags, settings, explicit))
}

// allSettings are those of all commands, whichever runs.
func allSettings() *pflag.FlagSet {
	return commands.Settings(commands.New(commands.Ops{}, commands.World{}))
}

// places lists where a configuration file may be.
func places(explicit string) ([]commands.Place, error) {
	found, err := config.Source{Getenv: os.Getenv}.Places(explicit)
	var list []commands.Place
	for _, p := range found {
		list = append(list, commands.Place{Name: p.Name, State: p.State()})
	}
	return list, badInput(err)
}

func badInput(err error) error {
	if wrong, ok := errors.AsType[*config.Error](err); ok {
		return &ops.InputError{Place: wrong.Place, Err: wrong.Err}
	}
	return err
}

// connector makes the transport stack of a run.
func connector(spans *telemetry.Telemetry) ops.Connect {
	return func(s ops.Settings) (ops.Connection, error) {
		if fit, lowered := httpx.FittingJobs(s.Jobs); lowered {
			s.Tell.Warn("%d jobs are more than there are file descriptors for: going on with %d (ulimit -n)", s.Jobs, fit)
			s.Jobs = fit
		}
		hooks, hosts := hooks(spans, s.Tell), httpx.NewHosts(s.Hosts)
		hooks.Delegated = sync.OnceFunc(func() { collectAt(gcPercentMuch) })
		gate := httpx.NewGate(httpx.GateConfig{
			PerHost: s.PerHost, Rate: s.Rate, RateHost: s.RateHost,
			Failures: s.BreakerFailures, Cooldown: s.BreakerCooldown, Successes: s.BreakerSuccesses, Hosts: hosts,
			Retries: s.Retry.Max > 0, LongestWait: s.Retry.MaxTime, Deadline: s.Deadline, GivenUpFor: s.GivenUpFor, Hooks: hooks,
		})
		cfg := httpx.Config{
			Header: s.Header, ContentType: s.ContentType,
			ConnectTimeout: s.ConnectTimeout, ReadTimeout: s.ReadTimeout, MaxTime: s.MaxTime,
			NoRedirects: s.NoLocation, MaxRedirects: s.MaxRedirects, RedirectTo: s.ProtoRedir, MaxBody: s.MaxFilesize,
			Retry: s.Retry, RetryOn: s.RetryOn, RetryAll: s.RetryAll, RetryUnsafe: s.RetryUnsafe,
			Connections: s.Jobs, PerHost: s.PerHost, Gate: gate, Hosts: hosts, Hooks: hooks, Span: spans.Transport,
		}
		if err := network(s, &cfg); err != nil {
			return ops.Connection{}, err
		}
		client := httpx.New(cfg)
		return ops.Connection{Fetcher: client, Gate: gate, Jobs: s.Jobs, Close: client.Close}, nil
	}
}

// runner runs commands, each in a span that it finds in its environment.
type runner struct{ spans *telemetry.Telemetry }

func (r runner) Run(ctx context.Context, c process.Command) (process.Result, error) {
	c.Observe, c.ChildEnv = r.spans.Exec, r.spans.ChildEnv
	return process.Run(ctx, c)
}

func (r runner) Retrying(ctx context.Context, tell ops.Teller, e httpx.RetryEvent) {
	hooks(r.spans, tell).Retrying(ctx, e)
}

// openFolder opens the folder of a batch's outputs, without what killed runs
// left in it.
func openFolder(ctx context.Context, path string) (ops.Folder, error) {
	return sweptFolder(ctx, path, files.Options{SHA256: true})
}

func sweptFolder(ctx context.Context, path string, o files.Options) (ops.BodyFolder, error) {
	dir, err := files.OpenDir(path, o)
	if err != nil {
		return nil, err
	}
	if _, err := dir.Sweep(ctx); err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return dir, nil
}

func openCache(folder string) (ops.Cache, error) {
	c, err := cache.Open(folder)
	if err != nil {
		return nil, fmt.Errorf("--cache: %w", err)
	}
	return c, nil
}

// results are a run's journal and what earlier runs have completed.
type results struct {
	*journal.Journal
	journal.Index
}

func (r *results) Done(id string) (int64, bool) { return r.Index.Done(id) }

// resultsOpener opens the journal of a run: a file, standard output ("-"), or
// nothing ("").
func resultsOpener(stdout io.Writer) ops.OpenResults {
	return func(name string, resume bool) (ops.Results, error) {
		switch name {
		case "":
			return &results{Journal: journal.NewStream(io.Discard, "nowhere")}, nil
		case "-":
			return &results{Journal: journal.NewStream(stdout, "to standard output")}, nil
		}
		return openJournal(name, resume)
	}
}

func openJournal(name string, resume bool) (ops.Results, error) {
	r := &results{}
	var err error
	r.Journal, err = journal.Open(name, journal.Options{Resume: resume, Each: func(e journal.Entry) error {
		r.Index.Add(e)
		return nil
	}})
	switch {
	case err == nil:
		return r, nil
	case is[*journal.NotEmptyError](err):
		return nil, &ops.InputError{Err: err, Hint: "--resume goes on with it; another name begins anew"}
	case is[*journal.LockedError](err), is[*journal.DamagedError](err):
		return nil, &ops.InputError{Err: err}
	}
	return nil, &ops.LocalError{Err: err}
}

// lookAtFolder opens a folder of outputs and leaves it as it is, or not there.
func lookAtFolder(_ context.Context, path string) (ops.Folder, error) { return files.LookDir(path) }

// lookAtResults reads which tasks an earlier run has completed.
func lookAtResults(name string) (ops.Done, error) {
	var index journal.Index
	err := journal.Look(name, func(e journal.Entry) error {
		index.Add(e)
		return nil
	})
	switch {
	case is[*journal.DamagedError](err):
		return nil, &ops.InputError{Err: err}
	case err != nil:
		return nil, &ops.LocalError{Err: err}
	}
	return index.Done, nil
}

// openRecords yields the lines of a results file.
func openRecords(name string) iter.Seq2[journal.Line, error] {
	return func(yield func(journal.Line, error) bool) {
		f, err := os.Open(name)
		if err != nil {
			yield(journal.Line{}, err)
			return
		}
		defer f.Close()
		journal.Read(f, name)(yield)
	}
}

// writeFile makes a file that appears whole or not at all.
func writeFile(ctx context.Context, name string, write func(io.Writer) error) error {
	r, w := io.Pipe()
	go func() { w.CloseWithError(asynccore.Catch(func() error { return write(w) })) }() // ends with WriteFile below, which reads it to its end
	_, err := asynccore.WriteFile(ctx, name, r, 0o644)
	return errors.Join(err, r.CloseWithError(err))
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name)
}

func appendFile(name string, text []byte, most int64) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.Size()+int64(len(text)) > most {
		err = fmt.Errorf("%s would become longer than %d bytes", name, most)
	}
	if err == nil {
		_, err = f.Write(text)
	}
	return errors.Join(err, f.Close())
}

func readSums(name string) (ops.Sums, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return files.ParseSums(name, f)
}

func isTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd()))
}
