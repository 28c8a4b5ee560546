package report

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// yield gives records one after another, without an error.
func yield(records ...task.Record) iter.Seq2[task.Record, error] {
	return func(yield func(task.Record, error) bool) {
		for _, rec := range records {
			if !yield(rec, nil) {
				return
			}
		}
	}
}

func collect(t testing.TB, records ...task.Record) *Report {
	t.Helper()
	r, err := Collect(yield(records...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// runStart is when the runs of tests began.
var runStart = time.Date(2026, 11, 22, 17, 41, 3, 120e6, time.UTC)

// blank is a record that says nothing beyond what every record does.
func blank(seq int64, url string) task.Record {
	return task.NewRecord(&task.Task{Seq: seq, ID: fmt.Sprintf("task-%d", seq), URLs: []string{url}})
}

// okRecord is a task that one attempt settled.
func okRecord(seq int64, url string) task.Record {
	rec := blank(seq, url)
	rec.Outcome, rec.Status, rec.Protocol, rec.Attempts, rec.Bytes = task.OK, 200, "HTTP/1.1", 1, 2048
	rec.Start, rec.Duration = runStart.Add(time.Duration(seq)*10*time.Millisecond), 120*time.Millisecond
	rec.Timing = task.Timing{
		Queue: 20 * time.Millisecond, DNS: task.Unknown, Connect: 10 * time.Millisecond, TLS: 15 * time.Millisecond,
		FirstByte: 60 * time.Millisecond, Transfer: 15 * time.Millisecond,
	}
	return rec
}

// throttled is the failure that the summary's format shows: most of its time
// went to Retry-After.
func throttled(seq int64, url string) task.Record {
	rec := blank(seq, url)
	rec.Outcome, rec.Status, rec.Protocol, rec.Attempts, rec.Bytes = task.Failed, 503, "HTTP/2.0", 4, 91
	rec.ContentType, rec.Remote, rec.TraceID = "text/plain", "192.0.2.7:443", "0af7651916cd43dd8448eb211c80319c"
	rec.Start, rec.Duration = runStart.Add(time.Second), 7410*time.Millisecond
	rec.Timing = task.Timing{
		Queue: 200 * time.Millisecond, Backoff: 6100 * time.Millisecond, DNS: 10 * time.Millisecond,
		Connect: 20 * time.Millisecond, TLS: 30 * time.Millisecond, FirstByte: time.Second, Transfer: 50 * time.Millisecond,
	}
	retry := func(wait time.Duration) task.Retry {
		return task.Retry{Status: 503, Duration: 310 * time.Millisecond, Wait: wait, Reason: "retry_after"}
	}
	rec.Retries = []task.Retry{retry(2 * time.Second), retry(2 * time.Second), retry(2100 * time.Millisecond)}
	rec.Error = &task.Error{Type: "503", Message: "503 Service Unavailable after 4 attempts"}
	return rec
}

// simulated plays a run of n tasks over a dozen origins at 64 in flight: most
// are fast, one origin throttles, one is down, some bodies break. It is the
// same for the same n.
func simulated(n int) iter.Seq2[task.Record, error] {
	return func(yield func(task.Record, error) bool) {
		random := rand.New(rand.NewPCG(1, uint64(n)))
		slots := make([]time.Duration, 64) // when each comes free
		for seq := range int64(n) {
			rec := simulate(random, seq, slots)
			if !yield(rec, nil) {
				return
			}
		}
	}
}

var simulatedHosts = []string{
	"https://cdn.example.com", "https://static.example.net", "https://archive.example.org", "https://api.example.com",
	"https://mirror-1.example.org", "https://mirror-2.example.org", "https://downloads.example.io", "https://images.example.com",
	"https://docs.example.dev", "https://packages.example.net:8443", "http://legacy.example.com", "https://down.example.org",
}

func simulate(random *rand.Rand, seq int64, slots []time.Duration) task.Record {
	ms := func(scale float64) time.Duration {
		return time.Duration(scale*random.ExpFloat64()*1000+50) * time.Microsecond
	}
	host := random.IntN(len(simulatedHosts))
	if host == 11 && random.IntN(6) > 0 {
		host = 0
	}
	origin := simulatedHosts[host]
	rec := blank(seq, fmt.Sprintf("%s/v2/packages/%s/%d/archive-%d.%d.tar.gz", origin,
		[]string{"linux-amd64", "linux-arm64", "darwin", "windows"}[seq%4], random.IntN(900), seq%7, seq%31))
	rec.ID = fmt.Sprintf("%016x%016x", random.Uint64(), random.Uint64())
	rec.Outcome, rec.Status, rec.Protocol, rec.Attempts = task.OK, 200, "HTTP/2.0", 1
	rec.ContentType, rec.Remote = "application/gzip", fmt.Sprintf("192.0.2.%d:443", host+1)
	rec.Bytes = int64(40_000 * random.ExpFloat64())
	t := &rec.Timing
	slot := random.IntN(len(slots))
	admitted := max(0, slots[slot]-ms(30))
	t.Queue = slots[slot] - admitted
	if random.IntN(5) == 0 {
		t.DNS, t.Connect, t.TLS = ms(4), ms(12), ms(20)
	}
	t.FirstByte, t.Transfer = ms(45), ms(18)
	switch {
	case host == 11: // down
		rec.Outcome, rec.Status, rec.Protocol, rec.Bytes, rec.Attempts = task.Failed, 0, "", task.Unknown, 3
		t.FirstByte, t.Transfer, t.Backoff, t.Breaker = task.Unknown, task.Unknown, ms(1500), ms(4000)
		rec.Error = &task.Error{Type: task.ErrConnect, Message: "connect: connection refused after 3 attempts"}
		retry := task.Retry{Error: task.ErrConnect, Duration: ms(3), Wait: t.Backoff / 2, Reason: "backoff"}
		rec.Retries = []task.Retry{retry, retry}
	case host == 3 && random.IntN(3) == 0: // throttles
		t.Backoff, t.Rate, rec.Attempts = 2*time.Second+ms(300), ms(90), 2
		rec.Retries = []task.Retry{{Status: 429, Duration: ms(40), Wait: 2 * time.Second, Reason: "retry_after"}}
		if random.IntN(20) == 0 {
			rec.Outcome, rec.Status = task.Failed, 429
			rec.Error = &task.Error{Type: "429", Message: "429 Too Many Requests after 2 attempts"}
		}
	case host == 8 && random.IntN(9) == 0:
		rec.Outcome, rec.Bytes = task.NotModified, 0
		rec.Status = 304
	case random.IntN(150) == 0:
		rec.Outcome, rec.Status, rec.Attempts = task.Failed, 404, 1
		rec.Error = &task.Error{Type: "404", Message: "404 Not Found"}
	case random.IntN(400) == 0:
		rec.Outcome = task.Failed
		rec.Error = &task.Error{Type: task.ErrShortBody, Message: "body ended after 31,744 of 65,536 bytes"}
	case random.IntN(1000) == 0:
		rec.Outcome, rec.Status, rec.Protocol, rec.Bytes = task.Unfinished, 0, "", task.Unknown
		rec.Error = &task.Error{Type: task.ErrCanceled, Message: "the deadline came first"}
		t.Transfer = task.Unknown
	}
	rec.Start = runStart.Add(admitted)
	for _, part := range []time.Duration{t.Queue, t.Rate, t.Backoff, t.Breaker, t.DNS, t.Connect, t.TLS, t.FirstByte, t.Transfer} {
		rec.Duration += max(0, part)
	}
	// A wait holds no slot.
	slots[slot] += rec.Duration - t.Queue - t.Rate - t.Backoff - t.Breaker
	return rec
}
