package ops

import (
	"context"
	"fmt"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/stack"
	"github.com/specify-cli/specify/internal/task"
)

// FetchRequest is one "specify fetch".
type FetchRequest struct {
	URL string
	Settings
	Output   string    // file for the body; empty is standard output
	Continue bool      // go on with what an earlier transfer has left at Output
	Checksum string    // "sha256:HEX" or "sha512:HEX" that the body must hash to; empty is none
	Watch    *Transfer // is kept up to date; nil is not
}

// FetchResult is its one record, and what else is known of the last answer.
type FetchResult struct {
	Record *task.Record
	Answer *Answer
}

// Answer is what an attempt was answered with.
type Answer = httpx.Answer

// Outputs opens what bodies go to.
type Outputs interface {
	Stdout() files.Output
	// File is a new output for the file at path, which is left as it is until
	// the body is whole.
	File(path string) (files.Output, error)
	// Resume is File, going on with what an earlier transfer has left there.
	Resume(path string) (files.Output, files.Kept, error)
}

// Fetch is the operation behind "specify fetch".
type Fetch struct {
	Connect Connect
	Outputs Outputs
	Span    Span
}

// Run fetches the URL. It returns an *InputError for a URL that cannot be
// fetched at all, a *LocalError when the output cannot be opened, and otherwise
// a record, also for a task that failed.
func (f Fetch) Run(ctx context.Context, req FetchRequest) (FetchResult, error) {
	t := &task.Task{URLs: []string{req.URL}}
	req.apply(t)
	t.ID = task.ContentID(t)
	if err := CheckURL(req.URL); err != nil {
		return FetchResult{}, &InputError{Err: err}
	}
	var sum files.Checksum
	if req.Checksum != "" {
		var err error
		if sum, err = files.ParseChecksum(req.Checksum); err != nil {
			return FetchResult{}, &InputError{Err: err}
		}
	}
	conn, err := f.Connect(req.Settings)
	if err != nil {
		return FetchResult{}, err
	}
	defer conn.Close()
	out, err := f.output(req)
	if err != nil {
		return FetchResult{}, &LocalError{err}
	}
	out.Expect(sum)
	if req.Watch != nil {
		out = out.watchedBy(req.Watch)
	}
	answer := new(Answer)
	rec, err := f.one(ctx, conn, req, t, out, answer)
	if err != nil {
		return FetchResult{}, fmt.Errorf("fetch %s: %w", task.RedactURL(req.URL), err)
	}
	return FetchResult{rec, answer}, nil
}

func (f Fetch) output(req FetchRequest) (opened, error) {
	switch {
	case req.Output == "":
		return opened{Output: f.Outputs.Stdout()}, nil
	case req.Continue:
		out, kept, err := f.Outputs.Resume(req.Output)
		return resumed(out, kept), err
	}
	out, err := f.Outputs.File(req.Output)
	return opened{Output: out}, err
}

// one runs the task as the only job of a runner, the way a batch runs many.
func (f Fetch) one(ctx context.Context, conn Connection, req FetchRequest, t *task.Task, out opened, answer *Answer) (rec *task.Record, err error) {
	stop, cancel := withDeadline(ctx, req.Deadline)
	defer cancel(nil)
	wire, _, release := inFlight(stop)
	defer release()
	a := new(origins).admit(t, conn.Gate)
	x := executor{fetcher: conn.Fetcher, span: f.Span, accept: req.Expect.Has, header: req.ShowHeader, answer: answer}
	runner := asynccore.NewRunner(asynccore.RunnerConfig{Workers: 1, Admission: conn.Gate})
	conn.Gate.Bind(runner.Wake)
	err = runner.Go(stop, asynccore.Job{Key: a.origin}, func(job context.Context) {
		stack.To16K()
		if job.Err() != nil {
			out.Abort()
			rec = unfinished(a.task, a.queued, context.Cause(job))
			return
		}
		a.slot = asynccore.SlotFrom(job)
		rec = x.runOn(wire, stop, a, out)
	})
	if err != nil {
		return nil, err
	}
	return rec, runner.Close(context.WithoutCancel(ctx))
}

// Verdict is the verdict on the one record.
func (r FetchResult) Verdict() Verdict {
	var t Tally
	t.Add(r.Record)
	return t.Verdict(Allow{})
}

// Elapsed is how long the task took.
func (r FetchResult) Elapsed() time.Duration { return r.Record.Duration }
