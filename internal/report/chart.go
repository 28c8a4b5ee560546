package report

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/specify-cli/specify/internal/task"
)

// LatencyBar counts the tasks whose latency lies in [From, To). Ten bars make a
// decade, so that a millisecond and a minute fit in one picture.
type LatencyBar struct {
	From, To time.Duration
	Count    int64
}

// latencyBars gathers the buckets of h, which counts microseconds, into bars
// without a gap from the shortest latency to the longest. It is nil for an
// empty histogram.
func latencyBars(h *hdrhistogram.Histogram) []LatencyBar {
	var bars []LatencyBar
	first := 0
	for _, bucket := range h.Distribution() {
		if bucket.Count == 0 {
			continue
		}
		// The 1e-9 keeps 1000 µs, whose logarithm may come out as 2.9999…, in
		// the bar that begins there.
		step := int(math.Floor(10*math.Log10(float64(max(1, bucket.From))) + 1e-9))
		if bars == nil {
			first = step
		}
		for len(bars) <= step-first {
			at := first + len(bars)
			bars = append(bars, LatencyBar{From: atStep(at), To: atStep(at + 1)})
		}
		bars[step-first].Count += bucket.Count
	}
	return bars
}

func atStep(step int) time.Duration {
	return time.Duration(math.Round(1000 * math.Pow(10, float64(step)/10)))
}

// Throughput counts the tasks that ended in each stretch of the run.
type Throughput struct {
	Width   time.Duration // of a bucket; 0 when no record tells the time
	Buckets []Bucket      // from Report.Start on
}

// Bucket is one stretch of a run.
type Bucket struct {
	Good  int // tasks that ended ok or not modified
	Bad   int // tasks that failed, or were cut off at work
	Bytes int64
}

// widths are the stretches that people think in; longer runs double the last.
var widths = []time.Duration{
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// mostBuckets is what a chart of a phone's width can still tell apart.
const mostBuckets = 120

func throughput(r *Report) Throughput {
	if r.Start.IsZero() {
		return Throughput{}
	}
	width := widths[0]
	for i := 0; r.Elapsed() >= mostBuckets*width; i++ {
		if i < len(widths) {
			width = widths[i]
		} else {
			width *= 2
		}
	}
	t := Throughput{Width: width, Buckets: make([]Bucket, r.Elapsed()/width+1)}
	for _, row := range r.Rows {
		if row.Start.IsZero() {
			continue
		}
		bucket := &t.Buckets[row.Start.Add(row.Duration).Sub(r.Start)/width]
		bucket.Bytes += max(0, row.Bytes)
		if row.Outcome.Good() {
			bucket.Good++
		} else if row.Outcome == task.Failed || row.Attempts > 0 {
			bucket.Bad++
		}
	}
	return t
}
