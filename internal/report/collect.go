package report

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// Report is a run, or several runs and shards of one list, ready to be shown.
// It is not changed after Collect; the Write functions may run concurrently.
type Report struct {
	Rows       []*Row    // one a task, by seq
	Totals     Stats     // of all rows
	Origins    []*Origin // slowest first: by the time that the run spent there
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
	c := NewCollector()
	for rec, err := range records {
		if err != nil {
			return nil, fmt.Errorf("read records: %w", err)
		}
		c.Add(&rec)
	}
	return c.Report(), nil
}

// Collector is Collect for records that come one by one. It is not safe for
// concurrent use.
type Collector struct {
	rows []*Row
	byID map[string]int // index in rows
	kept texts
}

// NewCollector returns a Collector without any record.
func NewCollector() *Collector {
	return &Collector{byID: make(map[string]int), kept: make(texts)}
}

// Add takes what a report keeps of rec.
func (c *Collector) Add(rec *task.Record) {
	row := c.kept.row(rec)
	i, seen := c.byID[rec.ID]
	switch {
	case !seen:
		c.byID[rec.ID] = len(c.rows)
		c.rows = append(c.rows, row)
	case !older(row, c.rows[i]):
		c.rows[i] = row
	}
}

// Report is the report of the records so far. The Collector is not to be used
// afterwards.
func (c *Collector) Report() *Report {
	slices.SortStableFunc(c.rows, func(a, b *Row) int { return cmp.Compare(a.Seq, b.Seq) })
	r := &Report{Rows: c.rows}
	r.sumUp()
	return r
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
	slices.SortFunc(r.Origins, bySpent)
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
