package httpx

import (
	"time"

	"github.com/specify-cli/specify/internal/task"
)

// The parts of a record's timing add up to its duration because each moment is
// booked once: every booking goes on where the last one ended.

// book puts the time since the last booking, until then, into a part.
func (ex *exchange) book(part *time.Duration, until time.Time) {
	ex.bookTook(part, max(0, until.Sub(ex.booked)), until)
}

// bookTook puts so much of the time since the last booking into a part, or all
// of it where it is less. task.Unknown books nothing.
func (ex *exchange) bookTook(part *time.Duration, took time.Duration, until time.Time) {
	if took == task.Unknown {
		return
	}
	took = max(0, min(took, until.Sub(ex.booked)))
	*part = max(0, *part) + took
	ex.booked = ex.booked.Add(took)
}

// bookWait splits the wait for a slot from began to now by what the origin held
// back meanwhile; mark is how it stood at first.
func (ex *exchange) bookWait(origin string, began, now time.Time, mark *Mark) {
	t := &ex.rec.Timing
	latest := ex.client.gate.Mark(origin)
	if latest != mark || mark.why != holdNone { // hardly ever
		before, after := mark.at(began), latest.at(now)
		take := func(part *time.Duration, why hold) {
			if d := after[why] - before[why]; d > 0 {
				ex.bookTook(part, d, now)
			}
		}
		take(&t.Breaker, holdBreaker)
		take(&t.Backoff, holdPause)
		take(&t.Rate, holdRate)
	}
	ex.book(&t.Queue, now)
}
