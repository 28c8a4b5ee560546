package commands

import (
	"bytes"

	"github.com/specify-cli/specify/internal/report"
)

// What GitHub takes as the summary of a step, and how many of the failures can
// be in it and in annotations. (docs.github.com: workflow commands, "Step
// isolation and limits".)
const (
	longestStepSummary = 1 << 20
	failuresForCI      = 200
)

// onGitHub reports whether --ci asks for what GitHub Actions shows.
func onGitHub(ci string, w World) bool {
	return ci == "github" || ci == "auto" && w.Getenv("GITHUB_ACTIONS") == "true"
}

// watchFor says what is to be remembered of a run besides its sums: all for a
// report of records that are kept nowhere (about 430 bytes a task), a bounded
// part for a CI system. It comes before the run.
func (t *teller) watchFor(all, ci bool) {
	if all {
		t.all = report.NewCollector()
	}
	if ci {
		t.brief = report.NewBrief(failuresForCI)
	}
}

// gitHub tells GitHub Actions of the run: annotations on standard error, where
// it reads them as well as on standard output, and the step summary.
func (t *teller) gitHub(w World) {
	seen := t.brief.Report()
	var text bytes.Buffer // whose writes cannot fail
	_ = report.Annotations(&text, seen)
	t.mu.Lock()
	_, _ = t.w.Write(text.Bytes())
	t.mu.Unlock()
	name := w.Getenv("GITHUB_STEP_SUMMARY")
	if name == "" {
		return
	}
	text.Reset()
	_ = report.WriteMarkdown(&text, seen)
	if err := w.AppendFile(name, text.Bytes(), longestStepSummary); err != nil {
		t.Warn("no step summary: %v", err)
	}
}
