package report

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// Report is a run, or several runs and shards of one list, ready to be shown.
// It is not changed after Collect; the Write functions may run concurrently.
type Report struct {
	Rows       []*Row    // one a task, by seq
	Totals     Stats     // of all rows
	Origins    []*Origin // slowest first, by the 90th percentile of latency
	Failures   []*Row    // the rows that failed, by seq; unfinished ones are not among them
	Start      time.Time // when the first task was admitted; zero when no record says
	End        time.Time // when the last task ended
	Latencies  []LatencyBar
	Throughput Throughput
}

// Collect reads records to their end and sums them up. Of several records with
// one id the newest counts: the one that started last or, where a start is
// missing or the same, the one that came last. So the files of shards and of
// resumed runs may come in any order.
//
// The first error that records yields ends the reading and is returned,
// wrapped. About 430 bytes are kept for a task, its URL included.
func Collect(records iter.Seq2[task.Record, error]) (*Report, error) {
	var (
		rows []*Row
		byID = make(map[string]int) // index in rows
		kept = make(texts)
	)
	for rec, err := range records {
		if err != nil {
			return nil, fmt.Errorf("read records: %w", err)
		}
		row := kept.row(&rec)
		i, seen := byID[rec.ID]
		switch {
		case !seen:
			byID[rec.ID] = len(rows)
			rows = append(rows, row)
		case !older(row, rows[i]):
			rows[i] = row
		}
	}
	slices.SortStableFunc(rows, func(a, b *Row) int { return cmp.Compare(a.Seq, b.Seq) })
	r := &Report{Rows: rows}
	r.sumUp()
	return r, nil
}

// older reports whether a is known to have started before b.
func older(a, b *Row) bool {
	return !a.Start.IsZero() && a.Start.Before(b.Start)
}

func (r *Report) sumUp() {
	byOrigin := make(map[string][]*Row)
	for _, row := range r.Rows {
		name := originOf(row.URL)
		byOrigin[name] = append(byOrigin[name], row)
		r.Totals.add(row)
		if row.Outcome == task.Failed {
			r.Failures = append(r.Failures, row)
		}
		if row.Start.IsZero() {
			continue
		}
		if r.Start.IsZero() || row.Start.Before(r.Start) {
			r.Start = row.Start
		}
		if end := row.Start.Add(row.Duration); end.After(r.End) {
			r.End = end
		}
	}
	h := newHistogram()
	for name, rows := range byOrigin {
		origin := &Origin{Name: name}
		for _, row := range rows {
			origin.add(row)
		}
		origin.Latency = measure(h, rows)
		r.Origins = append(r.Origins, origin)
	}
	slices.SortFunc(r.Origins, func(a, b *Origin) int {
		return cmp.Or(cmp.Compare(b.Latency.P90, a.Latency.P90), strings.Compare(a.Name, b.Name))
	})
	for i, origin := range r.Origins {
		for _, row := range byOrigin[origin.Name] {
			row.Origin = i
		}
	}
	r.Totals.Latency = measure(h, r.Rows)
	r.Latencies = latencyBars(h)
	r.Throughput = throughput(r)
}

// Elapsed is the time from the first task's start to the last one's end, pauses
// between resumed runs included.
func (r *Report) Elapsed() time.Duration { return r.End.Sub(r.Start) }
