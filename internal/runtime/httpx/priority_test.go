package httpx

import (
	"net/http"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
	"github.com/specify-cli/specify/internal/task"
)

// Critical tasks that never stop coming hold up background ones for their slack
// of 60 s and for what was there by then, and no longer.
func TestBackgroundIsNotStarved(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		const each = 100 * time.Millisecond
		w := &world{answer: func(*http.Request, int) answer { return answer{status: 200, after: each} }}
		o := defaults()
		o.gate.PerHost, o.queue = 1, 50
		o.class = func(seq int) asynccore.Priority {
			if seq > 0 && seq <= 10 { // the first one takes the only slot
				return asynccore.PriorityBackground
			}
			return asynccore.PriorityCritical
		}
		records := run(t, o, w, repeat(2000, "http://h.test/%d")...)
		if n := count(records, task.OK); n != 2000 {
			t.Fatalf("%d of 2000 ok", n)
		}
		const slack = 60 * time.Second
		bound := slack + time.Duration(o.queue+o.jobs)*each
		var first, last time.Duration
		for _, r := range records[1:11] {
			if first == 0 || r.Duration < first {
				first = r.Duration
			}
			last = max(last, r.Duration)
		}
		t.Logf("critical work for %v; ten background tasks took %v to %v, the bound is %v each", time.Since(w.start), first, last, bound)
		if first < slack || last > bound+10*each {
			t.Errorf("%v to %v", first, last)
		}
	})
}
