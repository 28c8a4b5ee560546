package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// writeData writes what page/data.js reads: one JSON object whose "columns" hold
// an array a field with an entry a row. A column in which no row has anything
// to say is left out. Durations are microseconds, times are microseconds after
// "start". 100,000 rows come to 16 MB, which Chromium had drawn 0.7 s after it
// was asked for the page: there is no need to compress them.
//
// The text is safe within a script element: encoding/json and writeString write
// "<", ">" and "&" as escapes, so that neither "</script" nor "<!--" occurs.
func writeData(out *bufio.Writer, r *Report) error {
	summary, err := json.Marshal(newDataSummary(r))
	if err != nil {
		return err
	}
	// The object stays open for the columns: its closing brace is written last.
	_, _ = out.Write(summary[:len(summary)-1])
	_, _ = out.WriteString(`,"columns":{"rows":` + strconv.Itoa(len(r.Rows)))
	c := columns{out: out, rows: r.Rows}
	c.numbers("seq", task.Unknown, func(row *Row) int64 { return row.Seq })
	c.numbers("outcome", 0, func(row *Row) int64 { return outcomeCode(row.Outcome) })
	c.numbers("origin", 0, func(row *Row) int64 { return int64(row.Origin) })
	c.numbers("status", 0, func(row *Row) int64 { return int64(row.Status) })
	c.numbers("attempts", 0, func(row *Row) int64 { return int64(row.Attempts) })
	c.numbers("bytes", task.Unknown, func(row *Row) int64 { return row.Bytes })
	c.numbers("duration", 0, func(row *Row) int64 { return row.Duration.Microseconds() })
	c.numbers("start", task.Unknown, func(row *Row) int64 {
		if row.Start.IsZero() {
			return task.Unknown
		}
		return row.Start.Sub(r.Start).Microseconds()
	})
	for phase, text := range phaseTexts {
		c.numbers("phase:"+text.key, 0, func(row *Row) int64 { return row.Phases[phase].Microseconds() })
	}
	c.strings("url", func(row *Row) string {
		if rest, ok := belowOrigin(row.URL, r.Origins[row.Origin].Name); ok {
			return rest
		}
		return row.URL
	})
	c.strings("id", func(row *Row) string { return row.ID })
	c.strings("output", func(row *Row) string { return row.Output })
	c.strings("trace", func(row *Row) string { return row.TraceID })
	c.words("method", func(row *Row) string { return row.Method })
	c.words("protocol", func(row *Row) string { return row.Protocol })
	c.words("type", func(row *Row) string { return row.ContentType })
	c.words("remote", func(row *Row) string { return row.Remote })
	_, _ = out.WriteString(`},"more":{`)
	if err := writeMore(out, r.Rows); err != nil {
		return err
	}
	_, err = out.WriteString("}}")
	return err
}

// outcomeCode is the index of the outcome in page/data.js.
func outcomeCode(o task.Outcome) int64 {
	switch o {
	case task.OK:
		return 0
	case task.NotModified:
		return 1
	case task.Failed:
		return 2
	}
	return 3
}

// dataSummary is what does not grow with the number of rows.
type dataSummary struct {
	Start   string       `json:"start,omitempty"` // RFC 3339
	Elapsed int64        `json:"elapsed"`
	Phases  []dataPhase  `json:"phases"`
	Latency dataLatency  `json:"latency"`
	Bars    [][3]int64   `json:"bars"`    // latency: from, to, tasks
	Width   int64        `json:"width"`   // of a bucket
	Buckets [][3]int64   `json:"buckets"` // throughput: good, bad, bytes
	Origins []dataOrigin `json:"origins"`
}

type dataPhase struct {
	Key   string `json:"key"`
	Name  string `json:"name"`
	Doing string `json:"doing"`
	Total int64  `json:"total"`
}

type dataLatency struct {
	Count int   `json:"count"`
	P50   int64 `json:"p50"`
	P90   int64 `json:"p90"`
	P99   int64 `json:"p99"`
	Max   int64 `json:"max"`
}

type dataOrigin struct {
	Name    string        `json:"name"`
	Tasks   int           `json:"tasks"`
	Failed  int           `json:"failed"`
	Retries int           `json:"retries"`
	Bytes   int64         `json:"bytes"`
	Latency dataLatency   `json:"latency"`
	Phases  [phases]int64 `json:"phases"`
	Why     string        `json:"why,omitempty"`
}

func newDataSummary(r *Report) dataSummary {
	s := dataSummary{
		Elapsed: r.Elapsed().Microseconds(), Latency: newDataLatency(r.Totals.Latency),
		Bars: [][3]int64{}, Width: r.Throughput.Width.Microseconds(), Buckets: [][3]int64{}, Origins: []dataOrigin{},
	}
	if !r.Start.IsZero() {
		s.Start = r.Start.UTC().Format(time.RFC3339Nano)
	}
	for phase, text := range phaseTexts {
		s.Phases = append(s.Phases, dataPhase{text.key, text.name, text.doing, r.Totals.Phases[phase].Microseconds()})
	}
	for _, bar := range r.Latencies {
		s.Bars = append(s.Bars, [3]int64{bar.From.Microseconds(), bar.To.Microseconds(), bar.Count})
	}
	for _, bucket := range r.Throughput.Buckets {
		s.Buckets = append(s.Buckets, [3]int64{int64(bucket.Good), int64(bucket.Bad), bucket.Bytes})
	}
	for _, origin := range r.Origins {
		d := dataOrigin{
			Name: origin.Name, Tasks: origin.Tasks, Failed: origin.Failed,
			Retries: origin.Retries, Bytes: origin.Bytes, Latency: newDataLatency(origin.Latency), Why: origin.Why(),
		}
		for i, total := range origin.Phases {
			d.Phases[i] = total.Microseconds()
		}
		s.Origins = append(s.Origins, d)
	}
	return s
}

func newDataLatency(q Quantiles) dataLatency {
	return dataLatency{q.Count, q.P50.Microseconds(), q.P90.Microseconds(), q.P99.Microseconds(), q.Max.Microseconds()}
}

// dataMore is a row's More as the page reads it; the keys are the row's index.
type dataMore struct {
	Error    string      `json:"error,omitempty"`
	Message  string      `json:"message,omitempty"`
	FinalURL string      `json:"final,omitempty"`
	Retries  []dataRetry `json:"retries,omitempty"`
	Expect   []string    `json:"expect,omitempty"`
	Mirror   *int        `json:"mirror,omitempty"`
	Resumed  *int64      `json:"resumed,omitempty"`
	ExitCode *int        `json:"exit,omitempty"`
	Signal   string      `json:"signal,omitempty"`
	Stderr   string      `json:"stderr,omitempty"`
}

type dataRetry struct {
	Result   string `json:"result"`
	Duration int64  `json:"duration"` // microseconds
	Wait     int64  `json:"wait"`
	Reason   string `json:"reason"`
}

func writeMore(out *bufio.Writer, rows []*Row) error {
	first := true
	for i, row := range rows {
		m := row.More
		if m == nil {
			continue
		}
		d := dataMore{
			Error: string(m.ErrorType), Message: m.Message, FinalURL: m.FinalURL, Expect: m.Expect, Signal: m.Signal,
			Stderr: m.StderrTail, Mirror: known(m.Mirror), Resumed: known(m.Resumed), ExitCode: known(m.ExitCode),
		}
		for _, retry := range m.Retries {
			d.Retries = append(d.Retries, dataRetry{
				Result: retryResult(retry), Reason: retry.Reason,
				Duration: max(0, retry.Duration.Microseconds()), Wait: max(0, retry.Wait.Microseconds()),
			})
		}
		encoded, err := json.Marshal(d)
		if err != nil {
			return err
		}
		if !first {
			_ = out.WriteByte(',')
		}
		first = false
		fmt.Fprintf(out, `"%d":%s`, i, encoded)
	}
	return nil
}

func known[T int | int64](n T) *T {
	if n == task.Unknown {
		return nil
	}
	return &n
}
