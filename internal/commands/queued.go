package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/specify-cli/specify/internal/ops"
)

// manyFlags are the flags of a batch whose tasks workers carry out.
type manyFlags struct {
	address string
	detach  bool
	attach  string
}

func (m *manyFlags) flags(g *group) {
	g.in("Many machines")
	g.StringVar(&m.address, "queue", "", "let workers do it, over the NATS JetStream at `URL` (nats://HOST)")
	g.BoolVar(&m.detach, "detach", false, "put the tasks on the queue and leave")
	g.StringVar(&m.attach, "attach", "", "collect run `RUN`; with its list, go on with it")
}

// check refuses what makes no sense with or without a queue.
func (m *manyFlags) check(flags *pflag.FlagSet, w World, req ops.BatchRequest) error {
	if m.address == "" {
		if m.detach || m.attach != "" {
			return &UsageError{errors.New("--detach and --attach need the queue: --queue nats://HOST")}
		}
		return nil
	}
	switch {
	case req.Ordered, req.FailEarly:
		return &UsageError{errors.New("--ordered and --fail-early do not go with --queue, which takes records as they come " +
			"(jq -sc 'sort_by(.seq)[]' orders them, reports are in order; with --deadline or a signal a run stops early)")}
	case m.detach && req.Results != "" && req.Results != "-":
		return &UsageError{errors.New("--detach collects no results: give --results to the --attach that does")}
	case m.detach && len(req.URLs)+len(req.Files) == 0:
		return &UsageError{errors.New("--detach without input has nothing to put on the queue")}
	}
	var err error
	flags.VisitAll(func(f *pflag.Flag) {
		if err == nil && f.Changed && onCommandLine(f, w) && workersOwn(f) {
			err = &UsageError{fmt.Errorf("--%s is for the workers to know: with --queue give it to specify worker", f.Name)}
		}
	})
	return err
}

func onCommandLine(f *pflag.Flag, w World) bool {
	if w.Origin == nil {
		return true
	}
	place, _ := w.Origin(f)
	return place == "flag"
}

// workersOwn reports whether a flag of batch says how tasks are carried out,
// rather than what they are and what becomes of their records.
func workersOwn(f *pflag.Flag) bool {
	heading := f.Annotations[headingOf]
	switch {
	case len(heading) == 0:
		return false
	case slices.Contains([]string{"request", "data", "json", "head", "deadline", "allow-failures", "output-dir"}, f.Name):
		return false
	}
	return slices.Contains([]string{"Output", "Pace", "Request", "Retry", "Verdict"}, heading[0]) ||
		strings.HasPrefix(heading[0], "Time") || strings.HasPrefix(heading[0], "Circuit breaker")
}

// batch runs the request here or, with a queue, by workers.
func (m *manyFlags) batch(ctx context.Context, o Ops, req ops.BatchRequest, t *teller) (ops.Summary, error) {
	if m.address == "" {
		return o.Batch(ctx, req)
	}
	named := ""
	sum, err := o.Queued(ctx, ops.QueuedRequest{
		BatchRequest: req, Address: m.address, Detach: m.detach, Attach: m.attach,
		Named: func(run string) {
			if named = run; !t.c.silent {
				t.line("", "run %s on the queue %s", []any{run, ops.RedactAddress(m.address)})
			}
		},
	})
	if named != "" && (err != nil || sum.Unfinished > 0) {
		how := "--attach " + named
		if req.Results != "" && req.Results != "-" {
			how = "--resume"
		}
		t.line("", "what is on the queue stays there; to go on: the same call with %s", []any{how})
	}
	if err == nil && m.detach && !t.c.silent {
		t.line("", "%d tasks are on the queue; to collect their records: specify batch --queue %s --attach %s%s",
			[]any{sum.Published, ops.RedactAddress(m.address), sum.Run, bodiesToo(req)})
	}
	return sum.Summary, err
}

// bodiesToo is what a call that collects req's records must say besides.
func bodiesToo(req ops.BatchRequest) string {
	if req.OutputDir == "" {
		return ""
	}
	return " --output-dir " + req.OutputDir
}
