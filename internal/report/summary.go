package report

import (
	"fmt"
	"strings"
)

// Summary is the run in one line, as it ends a log:
//
//	5000 tasks: 4986 ok, 14 failed, 0 unfinished in 23.9s; 61 retries; 1.2 GB; slowest origin https://api.x (61% waiting on Retry-After)
//
// What is unknown or does not apply is left out. Tasks that were not modified
// are named only when there are any.
func (r *Report) Summary() string {
	var s strings.Builder
	t := &r.Totals
	fmt.Fprintf(&s, "%s: %d ok, ", Counted(int64(t.Tasks), "task"), t.OK)
	if t.NotModified > 0 {
		fmt.Fprintf(&s, "%d not modified, ", t.NotModified)
	}
	fmt.Fprintf(&s, "%d failed, %d unfinished", t.Failed, t.Unfinished)
	if !r.Start.IsZero() {
		s.WriteString(" in " + showDuration(r.Elapsed()))
	}
	fmt.Fprintf(&s, "; %s; %s", Counted(int64(t.Retries), "retry"), showBytes(t.Bytes))
	if slowest := r.slowest(); slowest != nil {
		fmt.Fprintf(&s, "; slowest origin %s", slowest.Name)
		if why := slowest.Why(); why != "" {
			fmt.Fprintf(&s, " (%s)", why)
		}
	}
	return s.String()
}

// headline is the verdict in a few words.
func (r *Report) headline() string {
	t := &r.Totals
	good := t.OK + t.NotModified
	switch {
	case t.Tasks == 0:
		return "No tasks"
	case good == t.Tasks && t.Tasks == 1:
		return "The task ended well"
	case good == t.Tasks:
		return fmt.Sprintf("All %s tasks ended well", showCount(t.Tasks))
	case t.Failed == 0:
		return fmt.Sprintf("%s of %s unfinished", showCount(t.Unfinished), plural(t.Tasks, "task"))
	case t.Unfinished == 0:
		return fmt.Sprintf("%s of %s failed", showCount(t.Failed), plural(t.Tasks, "task"))
	}
	return fmt.Sprintf("%s of %s failed, %s unfinished", showCount(t.Failed), plural(t.Tasks, "task"), showCount(t.Unfinished))
}

// slowest is the origin at which the run spent the most time, nil when no task
// got as far as that.
func (r *Report) slowest() *Origin {
	for _, o := range r.Origins { // commands may come before it, and lines that are no URL
		if o.real() && o.Spent() > 0 {
			return o
		}
	}
	return nil
}
