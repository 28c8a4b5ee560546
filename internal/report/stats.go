package report

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/specify-cli/specify/internal/task"
)

// Stats sums up tasks: those of a run, or those of one origin.
type Stats struct {
	Tasks       int
	OK          int
	NotModified int
	Failed      int
	Unfinished  int
	Retries     int   // attempts beyond the first of each task
	Bytes       int64 // of decoded bodies, where known
	Phases      [phases]time.Duration
	Latency     Quantiles
}

// Quantiles describe the latency (Row.Latency) of tasks that made an attempt.
// They are exact to three digits, as HdrHistogram counts.
type Quantiles struct {
	Count              int // tasks that made an attempt; the rest is 0 when this is
	P50, P90, P99, Max time.Duration
}

// show writes the quantiles, a dash each when there are none.
func (q Quantiles) show() (p50, p90, p99 string) {
	if q.Count == 0 {
		return "–", "–", "–"
	}
	return showDuration(q.P50), showDuration(q.P90), showDuration(q.P99)
}

func (s *Stats) add(row *Row) { s.count(row.Outcome, row.Attempts, row.Bytes, &row.Phases) }

func (s *Stats) count(outcome task.Outcome, attempts int, bytes int64, spent *[phases]time.Duration) {
	s.Tasks++
	switch outcome {
	case task.OK:
		s.OK++
	case task.NotModified:
		s.NotModified++
	case task.Failed:
		s.Failed++
	default:
		s.Unfinished++
	}
	s.Retries += max(0, attempts-1)
	s.Bytes += max(0, bytes)
	for i, part := range spent {
		s.Phases[i] += part
	}
}

// Spent is the latency of all tasks together (see Row.Latency).
func (s *Stats) Spent() (total time.Duration) {
	for _, part := range s.Phases[Breaker:] {
		total += part
	}
	return total
}

// Why names what took most of the tasks' latency and its share, for example
// "61% waiting on Retry-After". It is empty when no time is known.
func (s *Stats) Why() string {
	which, share := longest(&s.Phases, Breaker, Other)
	if share == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f%% %s", 100*share, phaseTexts[which].doing)
}

// longestLatency bounds the histogram. A week is beyond every run; what is
// longer counts as a week, and Quantiles.Max still tells the truth.
const longestLatency = 7 * 24 * time.Hour

// newHistogram counts microseconds, the precision of records, in 260 KiB.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, longestLatency.Microseconds(), 3)
}

// measure resets h, counts the latencies of rows in it and returns their
// quantiles. The histogram is the caller's, so that one serves every origin.
func measure(h *hdrhistogram.Histogram, rows []*Row) (q Quantiles) {
	h.Reset()
	for _, row := range rows {
		if row.Attempts == 0 {
			continue
		}
		latency := row.Latency()
		// In range by the min, so that the error is never set.
		_ = h.RecordValue(min(latency, longestLatency).Microseconds())
		q.Count++
		q.Max = max(q.Max, latency)
	}
	q.read(h)
	return q
}

// read takes the quantiles of q.Count latencies out of h.
func (q *Quantiles) read(h *hdrhistogram.Histogram) {
	if q.Count == 0 {
		return
	}
	// The smallest latency that so many percent of the tasks do not exceed. The
	// histogram rounds ranks to the nearest instead, which of six tasks would
	// make the fifth the 90th percentile.
	rank := func(percent int) float64 { return 100 * float64((percent*q.Count+99)/100) / float64(q.Count) }
	at := h.ValueAtPercentilesSlice([]float64{rank(50), rank(90), rank(99)})
	// The histogram answers with the upper end of a bucket; nothing took longer
	// than the longest.
	q.P50 = min(q.Max, time.Duration(at[0])*time.Microsecond)
	q.P90 = min(q.Max, time.Duration(at[1])*time.Microsecond)
	q.P99 = min(q.Max, time.Duration(at[2])*time.Microsecond)
}
