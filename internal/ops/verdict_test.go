package ops

import (
	"testing"

	"github.com/specify-cli/specify/internal/task"
)

func TestVerdict(t *testing.T) {
	ok := task.Record{Outcome: task.OK}
	same := task.Record{Outcome: task.NotModified}
	failed := func(kind task.ErrorType, status int) task.Record {
		return task.Record{Outcome: task.Failed, Status: status, Error: &task.Error{Type: kind}}
	}
	unfinished := task.Record{Outcome: task.Unfinished, Error: &task.Error{Type: task.ErrCanceled}}
	early := task.Record{Outcome: task.Unfinished, Error: &task.Error{Type: task.ErrCanceled, Message: ErrFailEarly.Error()}}
	for _, c := range []struct {
		name    string
		records []task.Record
		allow   Allow
		skipped int64
		want    Verdict
	}{
		{name: "nothing", want: Passed},
		{name: "all good", records: []task.Record{ok, same}, want: Passed},
		{name: "one status", records: []task.Record{ok, failed("404", 404)}, want: Failed},
		{name: "one dead of two", records: []task.Record{ok, failed(task.ErrConnect, 0)}, want: Failed},
		{name: "all dead", records: []task.Record{failed(task.ErrDNS, 0), failed(task.ErrTimeoutRead, 0)}, want: Unanswered},
		{name: "all dead, others done before", records: []task.Record{failed(task.ErrDNS, 0)}, skipped: 1, want: Failed},
		{name: "broken off is an answer", records: []task.Record{failed(task.ErrReset, 200)}, want: Failed},
		{name: "the deadline", records: []task.Record{ok, unfinished, failed("404", 404)}, want: Deadline},
		{name: "--fail-early", records: []task.Record{ok, failed("404", 404), early}, want: Failed},
		{name: "--fail-early and nobody answers", records: []task.Record{failed(task.ErrDNS, 0), early}, want: Unanswered},
		{name: "--fail-early and the deadline", records: []task.Record{unfinished, failed("404", 404), early}, want: Deadline},
		{name: "a checksum", records: []task.Record{unfinished, failed(task.ErrChecksum, 200)}, want: Integrity},
		{name: "a full disk", records: []task.Record{failed(task.ErrOutput, 200), failed(task.ErrCertificate, 0)}, want: LocalIO},
		{name: "one is allowed", records: []task.Record{ok, failed("404", 404)}, allow: Allow{Count: 1}, want: Passed},
		{name: "half is allowed", records: []task.Record{ok, failed("404", 404)}, allow: Allow{Percent: 50}, want: Passed},
		{name: "less than half is", records: []task.Record{ok, failed("404", 404)}, allow: Allow{Percent: 49.9}, want: Failed},
		{name: "no allowance for integrity", records: []task.Record{failed(task.ErrChecksum, 200)}, allow: Allow{Count: 9}, want: Integrity},
	} {
		t.Run(c.name, func(t *testing.T) {
			tally := Tally{Skipped: c.skipped}
			for _, r := range c.records {
				tally.Add(&r)
			}
			if got := tally.Verdict(c.allow); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}
