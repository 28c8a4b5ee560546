package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/specify-cli/specify/internal/task"
)

// Brief sums a run up while it goes on, in memory that does not grow with it.
// It is not safe for concurrent use.
type Brief struct {
	totals     Stats
	start, end time.Time
	origins    originTable

	most     int                     // failures that are kept
	failures []*Row                  // the first of them
	kept     texts                   // their strings
	latency  *hdrhistogram.Histogram // nil where nothing but sums is wanted
}

// NewBrief returns a Brief that keeps so many failures to tell of. With none it
// keeps no latencies either, and is good for Slowest alone.
func NewBrief(failures int) *Brief {
	b := &Brief{most: failures, origins: newOriginTable()}
	if failures > 0 {
		b.kept, b.latency = make(texts), newHistogram()
	}
	return b
}

// Add counts one record, of which it keeps nothing but a failure.
func (b *Brief) Add(rec *task.Record) {
	phases := phasesOf(rec)
	b.totals.count(rec.Outcome, rec.Attempts, rec.Bytes, &phases)
	b.origins.of(rec.URL).count(rec.Outcome, rec.Attempts, rec.Bytes, &phases)
	if b.latency == nil {
		return
	}
	if rec.Attempts > 0 {
		latency := max(0, rec.Duration-phases[Queue]-phases[Rate])
		_ = b.latency.RecordValue(min(latency, longestLatency).Microseconds()) // in range by the min
		b.totals.Latency.Count++
		b.totals.Latency.Max = max(b.totals.Latency.Max, latency)
	}
	if !rec.Start.IsZero() {
		if b.start.IsZero() || rec.Start.Before(b.start) {
			b.start = rec.Start
		}
		if end := rec.Start.Add(rec.Duration); end.After(b.end) {
			b.end = end
		}
	}
	if rec.Outcome == task.Failed && len(b.failures) < b.most {
		b.failures = append(b.failures, b.kept.row(rec))
	}
}

// Slowest names the origin at which the run spent the most time, and what most
// of that was ("61% waiting on Retry-After"); both may be empty.
func (b *Brief) Slowest() (name, why string) {
	var slowest *Origin
	for _, o := range b.origins.named {
		if o.real() && (slowest == nil || bySpent(o, slowest) < 0) {
			slowest = o
		}
	}
	if slowest == nil || slowest.Spent() == 0 {
		return "", ""
	}
	return slowest.Name, slowest.Why()
}

// Report is the run so far for WriteMarkdown and Annotations: it has no Rows, of
// the failures only the first, and of the origins no quantiles.
func (b *Brief) Report() *Report {
	r := &Report{Totals: b.totals, Failures: slices.Clone(b.failures), Start: b.start, End: b.end}
	if b.latency != nil {
		r.Totals.Latency.read(b.latency)
	}
	for _, o := range b.origins.named {
		r.Origins = append(r.Origins, o)
	}
	slices.SortFunc(r.Origins, bySpent)
	slices.SortStableFunc(r.Failures, func(a, b *Row) int { return cmp.Compare(a.Seq, b.Seq) })
	return r
}

// mostOrigins bounds an originTable: 16,384 origins take 5 MB.
const mostOrigins = 1 << 14

// originTable finds the origin of a URL by the text before its path, without
// taking it apart or making a string. When it is full, it forgets the half at
// which the run has spent the least time: the slowest can be missed only when
// it spent its time in small portions, with thousands of others between them.
type originTable struct {
	spelt map[string]*Origin // by the beginning of a URL; several may be of one origin
	named map[string]*Origin // by Origin.Name
}

func newOriginTable() originTable {
	return originTable{make(map[string]*Origin), make(map[string]*Origin)}
}

func (t *originTable) of(rawURL string) *Origin {
	prefix := beforePath(rawURL)
	if o := t.spelt[prefix]; o != nil {
		return o
	}
	name := Visible(originOf(prefix))
	o := t.named[name]
	if o == nil {
		if len(t.named) >= mostOrigins {
			t.forget()
		}
		o = &Origin{Name: strings.Clone(name)}
		t.named[o.Name] = o
	}
	if len(t.spelt) >= mostOrigins {
		clear(t.spelt)
	}
	t.spelt[strings.Clone(prefix)] = o
	return o
}

// beforePath is the part of rawURL that its origin depends on, or a short text
// of no origin.
func beforePath(rawURL string) string {
	const longest = 300 // a host name has at most 253 characters (RFC 1035 §2.3.4)
	start := strings.Index(rawURL, "://")
	if start < 0 {
		return rawURL[:min(1, len(rawURL))]
	}
	start += len("://")
	end := strings.IndexAny(rawURL[start:], `/?#\`)
	if end < 0 {
		end = len(rawURL) - start
	}
	if start+end > longest {
		return rawURL[:1]
	}
	return rawURL[:start+end]
}

func (t *originTable) forget() {
	all := make([]*Origin, 0, len(t.named))
	for _, o := range t.named {
		all = append(all, o)
	}
	slices.SortFunc(all, bySpent)
	for _, o := range all[mostOrigins/2:] {
		delete(t.named, o.Name)
	}
	clear(t.spelt)
}
