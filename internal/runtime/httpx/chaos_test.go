package httpx

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
	"github.com/specify-cli/specify/internal/task"
)

// Whatever a few origins do, and whichever way redirects lead between them:
// every task ends, with no more attempts than it may have, with its time
// accounted for, and the limits hold throughout. A task that waits for ever
// fails the test, since a bubble in which nobody can go on is a deadlock.
func TestEveryTaskEnds(t *testing.T) {
	seeds := 300
	if testing.Short() {
		seeds = 60
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) { chaos(t, rand.New(rand.NewPCG(uint64(seed), 1))) })
		})
	}
}

// mood is how an origin behaves: the chances, of a hundred, of what becomes of
// a request, and when it is down.
type mood struct {
	fails, throttles, refuses, hangs, redirects int
	downFrom, downTo                            time.Duration
}

func newMood(rnd *rand.Rand) mood {
	var m mood
	for _, chance := range []*int{&m.fails, &m.throttles, &m.refuses, &m.hangs, &m.redirects} {
		if rnd.IntN(3) == 0 {
			*chance = rnd.IntN(50)
		}
	}
	if rnd.IntN(2) == 0 {
		m.downFrom = time.Duration(rnd.Int64N(int64(time.Second)))
		m.downTo = m.downFrom + time.Duration(rnd.Int64N(int64(20*time.Second)))
	}
	if rnd.IntN(5) == 0 {
		m.downTo = 24 * time.Hour
	}
	return m
}

func chaos(t *testing.T, rnd *rand.Rand) {
	const origins, tasks = 4, 120
	var moods [origins]mood
	for i := range moods {
		moods[i] = newMood(rnd)
	}
	var mu sync.Mutex // guards rnd
	draw := func(chance int) bool { return rnd.IntN(100) < chance }
	w := &world{}
	w.answer = func(req *http.Request, _ int) answer {
		mu.Lock()
		defer mu.Unlock()
		m := moods[req.URL.Host[0]-'a']
		took := time.Duration(rnd.Int64N(int64(30 * time.Millisecond)))
		at := time.Since(w.start)
		switch {
		case draw(m.refuses), at >= m.downFrom && at < m.downTo && draw(50):
			return answer{err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
		case draw(m.fails), at >= m.downFrom && at < m.downTo:
			return answer{status: 503, after: took}
		case draw(m.throttles):
			after := []string{"1", "3", "0", "-1", "soon"}[rnd.IntN(5)]
			return answer{status: []int{429, 503}[rnd.IntN(2)], header: http.Header{"Retry-After": {after}}, after: took}
		case draw(m.hangs):
			return answer{err: &TimeoutError{task.ErrTimeoutRead, time.Second}, after: time.Second}
		case draw(m.redirects):
			to := fmt.Sprintf("http://%c.test/%d", 'a'+rnd.IntN(origins), rnd.Int())
			return answer{status: 302, header: http.Header{"Location": {to}}, after: took}
		}
		return answer{status: 200, body: "ok", after: took}
	}
	o := defaults()
	o.jobs = 1 + rnd.IntN(12)
	o.gate.PerHost = 1 + rnd.IntN(6)
	o.gate.Failures = rnd.IntN(6)
	o.gate.Successes = 1 + rnd.IntN(3)
	o.gate.Cooldown = time.Duration(1+rnd.IntN(8)) * time.Second
	o.client.Retry.Max = rnd.IntN(5)
	o.client.Retry.Base = time.Duration(rnd.Int64N(int64(2 * time.Second)))
	o.gate.Retries = o.client.Retry.Max > 0
	if rnd.IntN(3) == 0 {
		o.gate.RateHost = asynccore.Rate{Events: 20 + rnd.IntN(100), Per: time.Second}
	}
	o.class = func(int) asynccore.Priority {
		mu.Lock()
		pause, class := rnd.IntN(400)-380, asynccore.Priority(rnd.IntN(5))
		mu.Unlock()
		time.Sleep(time.Duration(pause) * 10 * time.Millisecond) // mostly none
		return class
	}
	var urls []string
	for i := range tasks {
		urls = append(urls, fmt.Sprintf("http://%c.test/%d", 'a'+rnd.IntN(origins), i))
	}

	for i, r := range run(t, o, w, urls...) {
		if r.Outcome == "" {
			t.Fatalf("task %d has no outcome", i)
		}
		if r.Attempts > o.client.Retry.Max+1 {
			t.Errorf("task %d took %d attempts", i, r.Attempts)
		}
		if r.Outcome == task.Failed && r.Error.Type == task.ErrCircuitOpen && o.gate.Failures == 0 {
			t.Errorf("task %d: %v, and there is no breaker", i, r.Error)
		}
		checkTiming(t, &r)
	}
	for host, n := range w.highest {
		if n > o.gate.PerHost {
			t.Errorf("%d at once on %s, %d are allowed", n, strings.TrimPrefix(host, "http://"), o.gate.PerHost)
		}
	}
	if took := time.Since(w.start); took > 30*time.Minute {
		t.Errorf("took %v", took)
	}
}
