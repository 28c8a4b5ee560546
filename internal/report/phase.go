package report

import (
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// Phase is a part of a task's time. The parts of a task add up to its duration.
type Phase int

// The phases, in the order in which a bar shows them: first what the run itself
// imposed, then what the origin caused, then the network.
const (
	Queue      Phase = iota // for a slot, or for the origin's concurrency limit
	Rate                    // for --rate or --rate-host
	Breaker                 // for an open breaker
	Backoff                 // between attempts, by our own choice
	RetryAfter              // between attempts, because the server said so
	Connect                 // DNS, TCP and TLS
	FirstByte               // from the connection to the first byte of the answer
	Transfer                // from the first byte to the end of the body
	Other                   // a command at work, or time that the record does not tell apart
	phases                  // how many there are
)

// phaseTexts are the words for each phase: its name in a legend, and what it
// was that took the time ("61% waiting on Retry-After").
var phaseTexts = [phases]struct{ key, name, doing string }{
	Queue:      {"queue", "Queue", "waiting for a slot"},
	Rate:       {"rate", "Rate limit", "waiting for the rate limit"},
	Breaker:    {"breaker", "Breaker", "waiting for an open breaker"},
	Backoff:    {"backoff", "Backoff", "waiting to retry"},
	RetryAfter: {"retry-after", "Retry-After", "waiting on Retry-After"},
	Connect:    {"connect", "Connect", "connecting"},
	FirstByte:  {"first-byte", "First byte", "waiting for the first byte"},
	Transfer:   {"transfer", "Transfer", "transferring"},
	Other:      {"other", "Other", "running"},
}

// phasesOf splits the duration of rec. Retry-After is what its retries say they
// waited on it, at most the whole backoff; and all of the backoff of a task that
// had no retry, since it stood behind a pause of its origin. (Behind an open
// breaker, it is the gentle restart after it.)
func phasesOf(rec *task.Record) (p [phases]time.Duration) {
	t := &rec.Timing
	var retryAfter time.Duration
	for _, retry := range rec.Retries {
		if retry.Reason == "retry_after" {
			retryAfter += max(0, retry.Wait)
		}
	}
	if len(rec.Retries) == 0 && t.Breaker <= 0 {
		retryAfter = max(0, t.Backoff)
	}
	p[Queue] = max(0, t.Queue)
	p[Rate] = max(0, t.Rate)
	p[Breaker] = max(0, t.Breaker)
	p[RetryAfter] = min(retryAfter, max(0, t.Backoff))
	p[Backoff] = max(0, t.Backoff) - p[RetryAfter]
	p[Connect] = max(0, t.DNS) + max(0, t.Connect) + max(0, t.TLS)
	p[FirstByte] = max(0, t.FirstByte)
	p[Transfer] = max(0, t.Transfer)
	rest := rec.Duration
	for _, part := range p {
		rest -= part
	}
	// Each part was rounded to the microsecond by itself, so that less than a
	// microsecond a part is rounding and no time of its own.
	if rest > time.Duration(phases)*time.Microsecond {
		p[Other] = rest
	}
	return p
}

// longest returns the largest of the phases from first to last, and its share
// of all the phases from first to last together; 0 when they are all 0.
func longest(p *[phases]time.Duration, first, last Phase) (which Phase, share float64) {
	var sum time.Duration
	which = first
	for i := first; i <= last; i++ {
		sum += p[i]
		if p[i] > p[which] {
			which = i
		}
	}
	if sum == 0 {
		return first, 0
	}
	return which, float64(p[which]) / float64(sum)
}
