package ops

import (
	"context"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/task"
)

// PlanRequest is one "specify batch --dry-run".
type PlanRequest struct {
	BatchRequest
	Each func(Planned) error // gets the tasks in the order of the input; an error ends the plan
}

// Planned is a task that the run would carry out.
type Planned struct {
	Task   *task.Task
	Output string      // below the output folder; empty keeps no body
	Origin string      // empty for a command
	Policy Policy      // of the origin
	Err    *task.Error // why the task would fail without an attempt; nil where nothing says so
}

// Policy is how an origin is treated.
type Policy struct {
	PerHost  int            // attempts in flight
	RateHost asynccore.Rate // attempts started; zero is any number
}

// policy is the policy of an origin, the one place where it is looked up.
func (s *Settings) policy(hosts *httpx.Hosts, origin string) Policy {
	if host := hosts.Of(origin); host != nil {
		return Policy{PerHost: host.PerHost, RateHost: host.RateHost}
	}
	return Policy{PerHost: s.PerHost, RateHost: s.RateHost}
}

// PlanSummary counts the tasks of a plan.
type PlanSummary struct {
	Tasks   int64 // that would run
	Skipped int64 // that an earlier run has completed
}

// Done reports whether an earlier run has completed a task, as Results.Done.
type Done func(id string) (outputBytes int64, ok bool)

// Plan is the operation behind "specify batch --dry-run": it reads what Batch
// would read, and writes and sends nothing.
type Plan struct {
	Lists  Lists
	Folder OpenFolder                         // to look at; makes nothing
	Done   func(results string) (Done, error) // reads the results of an earlier run
}

// Run plans the request. Input that cannot be used is an *InputError, as in
// Batch.Run, and tasks before it have been planned where the list is no regular
// file.
func (p Plan) Run(ctx context.Context, req PlanRequest) (sum PlanSummary, err error) {
	in := newInput(p.Lists, &req.BatchRequest)
	if _, err := in.check(); err != nil {
		return sum, err
	}
	done := Done(func(string) (int64, bool) { return 0, false })
	if req.Resume {
		if done, err = p.Done(req.Results); err != nil {
			return sum, err
		}
	}
	f := folder{open: p.Folder, path: req.OutputDir}
	defer f.close() // nothing was written
	var o origins
	hosts := httpx.NewHosts(req.Hosts)
	for t, err := range in.tasks() {
		if err != nil {
			return sum, err
		}
		if ctx.Err() != nil {
			return sum, context.Cause(ctx)
		}
		planned := Planned{Task: t}
		place, err := f.claim(ctx, t)
		if size, ok := done(t.ID); err == nil && ok && (size < 0 || f.holds(place, size)) {
			sum.Skipped++
			continue
		}
		planned.Err = httpx.AsTaskError(err, 0)
		if place != nil {
			planned.Output = place.Name()
		}
		if len(t.URLs) > 0 {
			planned.Origin = o.of(t.URL())
			planned.Policy = req.policy(hosts, planned.Origin)
		}
		if err := req.Each(planned); err != nil {
			return sum, err
		}
		sum.Tasks++
	}
	return sum, nil
}
