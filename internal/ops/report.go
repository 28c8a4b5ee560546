package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/report"
	"github.com/specify-cli/specify/internal/runtime/journal"
	"github.com/specify-cli/specify/internal/task"
)

// ReportRequest is one "specify report".
type ReportRequest struct {
	Results []string // files of records, shards and resumed runs in any order
	// Collected is what was collected of a run already: then there are no Results.
	Collected *report.Report

	HTML     string // file to write; empty is none
	JUnit    string
	Markdown string
	Text     io.Writer // nil is none
	Allow    Allow
}

// Report is the operation behind "specify report", and behind --report.
type Report struct {
	// Open yields the lines of a results file.
	Open func(name string) iter.Seq2[journal.Line, error]
	// Write makes the file name hold what write writes, whole or not at all.
	Write func(ctx context.Context, name string, write func(io.Writer) error) error
}

// Run reads the results and writes the reports. Its Summary is that of the run
// that it reports, whose newest record of each task counts. Input that cannot be
// used is an *InputError, a report that cannot be written a *LocalError.
func (r Report) Run(ctx context.Context, req ReportRequest) (Summary, error) {
	collected := req.Collected
	if collected == nil {
		var err error
		if collected, err = report.Collect(iter.Seq2[task.Record, error](r.records(req.Results))); err != nil {
			return Summary{}, &InputError{Err: err}
		}
	}
	for _, out := range []struct {
		name  string
		write func(io.Writer, *report.Report) error
	}{{req.HTML, report.WriteHTML}, {req.JUnit, report.WriteJUnit}, {req.Markdown, report.WriteMarkdown}} {
		if out.name == "" {
			continue
		}
		if err := r.Write(ctx, out.name, func(w io.Writer) error { return out.write(w, collected) }); err != nil {
			return Summary{}, &LocalError{err}
		}
	}
	if req.Text != nil {
		if err := report.WriteText(req.Text, collected); err != nil {
			return Summary{}, &LocalError{err}
		}
	}
	sum := Summary{Elapsed: collected.Elapsed()}
	for _, row := range collected.Rows {
		rec := task.Record{Outcome: row.Outcome, Status: row.Status, Bytes: row.Bytes}
		if row.More != nil {
			rec.Retries = row.More.Retries
			if row.More.ErrorType != "" {
				rec.Error = &task.Error{Type: row.More.ErrorType}
			}
		}
		sum.Add(&rec)
	}
	sum.Verdict = sum.Tally.Verdict(req.Allow)
	return sum, nil
}

// records are the records of the files, one file after the other. A torn last
// line is left out: its run is still writing it, or was killed.
func (r Report) records(names []string) asynccore.Stream[task.Record] {
	return asynccore.FlatMap(asynccore.FromSlice(names), func(name string) asynccore.Stream[task.Record] {
		lines := asynccore.FromSeq2(r.Open(name)).OnError(func(err error) error {
			if errors.Is(err, journal.ErrTorn) {
				return nil
			}
			return err
		})
		return asynccore.Map(lines, func(line journal.Line) (rec task.Record, err error) {
			if err = json.Unmarshal(line.Bytes, &rec); err != nil {
				err = &InputError{Place: fmt.Sprintf("%s:%d", name, line.Number), Err: err}
			}
			return rec, err
		})
	})
}
