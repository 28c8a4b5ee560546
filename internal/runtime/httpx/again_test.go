package httpx

import (
	"testing"
	"time"
)

// An origin that was given up begins anew after a while, where that is asked
// for, and once none of its tasks is left.
func TestGivenUpForAWhile(t *testing.T) {
	cfg := defaults().gate
	cfg.GivenUpFor = time.Minute
	g := NewGate(cfg)
	now := time.Now()
	o := g.origin("http://h", now)
	o.lost, o.lostAt, o.inflight = true, now, 1
	if g.origin("http://h", now.Add(2*time.Minute)) != o {
		t.Error("forgotten with a request in flight")
	}
	o.inflight = 0
	if g.origin("http://h", now.Add(59*time.Second)) != o {
		t.Error("forgotten too early")
	}
	if again := g.origin("http://h", now.Add(time.Minute)); again == o || again.lost {
		t.Error("still given up")
	}
	g.cfg.GivenUpFor = 0
	o.lost = true
	g.origins["http://h"] = o
	if g.origin("http://h", now.Add(1000*time.Hour)) != o {
		t.Error("forgotten, although for good")
	}
}
