package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/report"
	"github.com/specify-cli/specify/internal/task"
)

// heartbeat is how often a run that is not watched on a terminal says that it
// is alive.
const heartbeat = 15 * time.Second

// teller tells a person what a run does, on standard error. It is the run's
// ops.Watcher and ops.Teller. Its methods are safe for concurrent use.
type teller struct {
	c      common
	screen *Screen // draws a progress line; nil where there is none
	quit   func()
	now    func() ops.Progress

	mu    sync.Mutex // guards w and the fields below
	w     io.Writer
	tally ops.Tally
	total int64
	brief *report.Brief
	all   *report.Collector // nil where nobody asks for a report of what was not kept
}

var (
	_ ops.Watcher = (*teller)(nil)
	_ ops.Teller  = (*teller)(nil)
)

func newTeller(w io.Writer, c common) *teller {
	return &teller{w: w, c: c, quit: func() {}, brief: report.NewBrief(0)}
}

// Planned begins the progress line, or the heartbeat where there is none.
func (t *teller) Planned(total int64, now func() ops.Progress) {
	t.total, t.now = total, now
	switch {
	case t.c.silent:
	case t.screen != nil:
		m := newMeter(time.Now())
		t.repeat(redraw, func() { t.draw(m) })
	default:
		t.repeat(heartbeat, t.beat)
	}
}

// repeat calls f every so often until stop.
func (t *teller) repeat(every time.Duration, f func()) {
	beats := asynccore.Background(context.Background(), func(ctx context.Context) (struct{}, error) {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				f()
			case <-ctx.Done():
				return struct{}{}, nil
			}
		}
	})
	t.quit = func() {
		beats.Cancel(nil)
		<-beats.Done()
	}
}

// stop ends the heartbeat or takes the progress line away. It may be called more
// than once.
func (t *teller) stop() {
	t.quit()
	if t.screen != nil {
		t.screen.hide()
	}
}

func (t *teller) beat() {
	done := t.now().Skipped
	t.mu.Lock()
	defer t.mu.Unlock()
	of := ""
	if t.total >= 0 {
		of = fmt.Sprintf(" of %d", t.total)
	}
	fmt.Fprintf(t.w, "specify: %d%s tasks done: %s\n", done+t.tally.Tasks, of, outcomes(&t.tally))
}

// Ended tells of a task that failed.
func (t *teller) Ended(rec *task.Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tally.Add(rec)
	t.brief.Add(rec)
	if t.all != nil {
		t.all.Add(rec)
	}
	if rec.Outcome == task.Failed && !logRecord(t.w, rec) {
		about := report.Name(rec) + ": "
		if in, ok := errors.AsType[*ops.InputError](rec.Error); ok && in.Place != "" {
			about = "" // a line with no subject but its place
		}
		fmt.Fprintf(t.w, "specify: FAIL %s%s\n", about, report.Failure(rec))
	}
}

// Warn tells what the user should know in any case.
func (t *teller) Warn(format string, args ...any) { t.line("warning: ", format, args) }

// Detail tells what -v asks for.
func (t *teller) Detail(format string, args ...any) {
	if t.c.verbose > 0 {
		t.line("", format, args)
	}
}

func (t *teller) line(kind, format string, args []any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.w, "specify: %s%s\n", kind, oneLine(fmt.Sprintf(format, args...)))
}

// fetched tells of the one task of a fetch.
func (t *teller) fetched(rec *task.Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if rec.Error != nil && !logRecord(t.w, rec) {
		fmt.Fprintf(t.w, "specify: error: %s: %s\n", report.Name(rec), report.Failure(rec))
	}
}

// executed tells what became of the command of an exec. Of an exit code there
// is nothing to add, unless it took several attempts.
func (t *teller) executed(rec *task.Record) {
	if rec.Error == nil || rec.Error.Type == task.ErrExit && rec.Attempts == 1 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !logRecord(t.w, rec) {
		fmt.Fprintf(t.w, "specify: error: %s\n", report.Failure(rec))
	}
}

// summary tells what the whole run amounts to.
func (t *teller) summary(sum ops.Summary) {
	if t.c.silent || logSummary(t.w, sum) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	line := fmt.Sprintf("specify: %s: %s in %s", report.Counted(sum.Tasks, "task"), outcomes(&sum.Tally), seconds(sum.Elapsed))
	if sum.Retries > 0 {
		line += "; " + report.Counted(sum.Retries, "retry")
	}
	line += "; " + size(sum.Bytes)
	if sum.Skipped > 0 {
		line += fmt.Sprintf("; %d were done before", sum.Skipped)
	}
	if slowest, why := t.brief.Slowest(); slowest != "" {
		line += fmt.Sprintf("; slowest origin %s (%s)", slowest, why)
	}
	fmt.Fprintln(t.w, line)
}

// goOn says how to finish a run that was stopped.
func (t *teller) goOn(sum ops.Summary, req ops.BatchRequest) {
	if sum.Unfinished == 0 || req.Results == "" || req.Results == "-" || t.c.silent {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	args := []string{"specify", "batch"}
	for _, u := range req.URLs {
		args = append(args, quote(task.RedactURL(u)))
	}
	for _, f := range req.Files {
		args = append(args, "--file", quote(f))
	}
	if req.AllowExec {
		args = append(args, "--allow-exec")
	}
	if shard := req.Shard.String(); shard != "" {
		args = append(args, "--shard", shard)
	}
	if req.SkipInvalid {
		args = append(args, "--skip-invalid")
	}
	if req.Ordered {
		args = append(args, "--ordered")
	}
	if req.OutputDir != "" {
		args = append(args, "--output-dir", quote(req.OutputDir))
	}
	args = append(args, "--results", quote(req.Results), "--resume")
	fmt.Fprintf(t.w, "specify: to go on: %s\n", report.InLog(strings.Join(args, " ")))
}

// quote makes an argument safe to paste into a POSIX shell.
func quote(arg string) string {
	if arg != "" && strings.IndexFunc(arg, func(r rune) bool {
		return !strings.ContainsRune("%+,-./:=@_", r) && (r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a' || r > 'z')
	}) < 0 {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
