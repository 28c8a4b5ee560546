package commands

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"

	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/report"
	"github.com/specify-cli/specify/internal/task"
)

// dryRun prints what a batch would do.
func dryRun(ctx context.Context, o Ops, req ops.BatchRequest, render func([]byte, ops.Planned) []byte, w io.Writer, t *teller) error {
	out := bufio.NewWriter(w)
	var line []byte
	sum, err := o.Plan(ctx, ops.PlanRequest{BatchRequest: req, Each: func(p ops.Planned) error {
		if render == nil {
			return nil
		}
		line = append(render(line[:0], p), '\n')
		if _, err := out.Write(line); err != nil {
			return &ops.LocalError{Err: fmt.Errorf("write the plan: %w", err)}
		}
		return nil
	}})
	if flushErr := out.Flush(); err == nil && flushErr != nil {
		err = &ops.LocalError{Err: fmt.Errorf("write the plan: %w", flushErr)}
	}
	if err == nil {
		t.planned(sum)
	}
	return err
}

// planned tells what a dry run amounts to.
func (t *teller) planned(sum ops.PlanSummary) {
	if t.c.silent {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.w, "specify: dry run: %s, nothing was sent or written", report.Counted(sum.Tasks, "task"))
	if sum.Skipped > 0 {
		fmt.Fprintf(t.w, "; %d were done before", sum.Skipped)
	}
	fmt.Fprintln(t.w)
}

// planJSON appends a planned task as one JSON object. Of a command only the
// program is shown: what follows may be a secret.
func planJSON(b []byte, p ops.Planned) []byte {
	type policy struct {
		PerHost  int    `json:"per_host"`
		RateHost string `json:"rate_host,omitempty"`
	}
	type failure struct {
		Type    task.ErrorType `json:"type"`
		Message string         `json:"message"`
	}
	t := p.Task
	line := struct {
		Seq      int64    `json:"seq"`
		ID       string   `json:"id"`
		Method   string   `json:"method,omitempty"`
		URL      string   `json:"url,omitempty"`
		Exec     string   `json:"exec,omitempty"`
		Output   string   `json:"output,omitempty"`
		Priority string   `json:"priority"`
		Origin   string   `json:"origin,omitempty"`
		Policy   *policy  `json:"policy,omitempty"`
		Error    *failure `json:"error,omitempty"`
	}{
		Seq: t.Seq, ID: t.ID, Method: t.EffectiveMethod(), URL: task.RedactURL(t.URL()), Exec: program(t),
		Output: p.Output, Priority: t.Priority.String(), Origin: p.Origin,
	}
	if p.Origin != "" {
		line.Policy = &policy{PerHost: p.Policy.PerHost, RateHost: rate(p.Policy)}
	}
	if p.Err != nil {
		line.Error = &failure{p.Err.Type, p.Err.Message}
	}
	encoded, err := json.Marshal(line)
	if err != nil {
		panic(err) // strings and numbers alone
	}
	return task.AppendInert(b, encoded)
}

// planText appends a planned task as a line for a person.
func planText(b []byte, p ops.Planned) []byte {
	t := p.Task
	line := fmt.Sprintf("%6d  %-8s  ", t.Seq, t.Priority)
	switch {
	case t.Invalid != nil:
		line += "invalid"
	case t.Exec != nil:
		line += "exec " + program(t)
	default:
		line += t.EffectiveMethod() + " " + task.RedactURL(t.URL())
	}
	if p.Output != "" {
		line += " -> " + p.Output
	}
	if p.Origin != "" {
		line += fmt.Sprintf("  (%s: %d at once", p.Origin, p.Policy.PerHost)
		if r := rate(p.Policy); r != "" {
			line += ", " + r
		}
		line += ")"
	}
	line += "  " + t.ID
	if p.Err != nil {
		line += "  would fail: " + p.Err.Message
	}
	return append(b, oneLine(line)...)
}

// program is the name of a task's program, without its folder.
func program(t *task.Task) string {
	if len(t.Exec) == 0 {
		return ""
	}
	return filepath.Base(t.Exec[0])
}

func rate(p ops.Policy) string {
	if p.RateHost.Events == 0 {
		return ""
	}
	return p.RateHost.String()
}
