package report_test

import (
	"fmt"
	"os"
	"time"

	"github.com/specify-cli/specify/internal/report"
	"github.com/specify-cli/specify/internal/task"
)

// The records of two runs of one list: the second, resumed, mended a task.
func ExampleCollect() {
	record := func(seq int64, path string, outcome task.Outcome, minute int) task.Record {
		rec := task.NewRecord(&task.Task{Seq: seq, ID: path, URLs: []string{"https://example.com/" + path}})
		rec.Outcome, rec.Attempts, rec.Duration = outcome, 1, 250*time.Millisecond
		rec.Start = time.Date(2026, 11, 22, 17, minute, 0, 0, time.UTC)
		if outcome == task.Failed {
			rec.Error = &task.Error{Type: "503", Message: "503 Service Unavailable after 1 attempt"}
		}
		return rec
	}
	results := []task.Record{
		record(0, "a", task.Failed, 40), record(1, "b", task.Failed, 40),
		record(0, "a", task.OK, 41),
	}
	r, err := report.Collect(func(yield func(task.Record, error) bool) {
		for _, rec := range results {
			if !yield(rec, nil) {
				return
			}
		}
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Totals.OK, "ok,", r.Totals.Failed, "failed")
	if err := report.Annotations(os.Stdout, r); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1 ok, 1 failed
	// ::error title=specify%3A 503::https://example.com/b: 503 Service Unavailable after 1 attempt in 250ms
}
