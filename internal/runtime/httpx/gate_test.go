package httpx

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/bubble"
	"github.com/specify-cli/specify/internal/task"
)

func ok(*http.Request, int) answer { return answer{status: 200, body: "ok", after: time.Millisecond} }

// One 429 with Retry-After stops the whole origin; afterwards one request goes
// first and the rest follow spread out, and another origin does not notice.
func TestThrottledOriginPauses(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		var once atomic.Bool
		w := &world{answer: func(req *http.Request, nth int) answer {
			if req.URL.Host == "busy.test" && once.CompareAndSwap(false, true) {
				return answer{status: 429, header: http.Header{"Retry-After": {"2"}}, after: time.Millisecond}
			}
			return ok(req, nth)
		}}
		urls := append(repeat(200, "http://busy.test/%d"), repeat(2000, "http://calm.test/%d")...)
		records := run(t, defaults(), w, urls...)
		if n := count(records, task.OK); n != len(urls) {
			t.Fatalf("%d of %d ok", n, len(urls))
		}
		var during, firstTenth int
		for _, at := range w.times("http://busy.test/") {
			if at > 2*time.Millisecond && at < 2*time.Second {
				during++
			}
			if at >= 2*time.Second && at < 2100*time.Millisecond {
				firstTenth++
			}
		}
		if during > 0 || firstTenth == 0 || firstTenth > 5 {
			t.Errorf("%d requests during the pause, %d in the 100 ms after it", during, firstTenth)
		}
		calm := w.times("http://calm.test/")
		if last := calm[len(calm)-1]; last > 500*time.Millisecond { // 2000 at 6 a millisecond: 333 ms
			t.Errorf("the other origin took %v", last)
		}
		for i := range records {
			checkTiming(t, &records[i])
		}
	})
}

// Every URL fails once and then answers: no outage is called, nobody stalls.
func TestEveryURLFailsOnce(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		w := &world{answer: func(req *http.Request, nth int) answer {
			if nth == 1 {
				return answer{status: 503, after: time.Millisecond}
			}
			return ok(req, nth)
		}}
		o := defaults()
		o.gate.PerHost, o.client.Retry.Base = 20, 100*time.Millisecond
		records := run(t, o, w, repeat(1000, "http://h.test/%d")...)
		if n := count(records, task.OK); n != 1000 {
			t.Errorf("%d of 1000 ok", n)
		}
		if n := len(w.log); n != 2000 {
			t.Errorf("%d requests for 1000 tasks", n)
		}
		if took := time.Since(w.start); took > 30*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// An origin that is down for good: few requests, and an end.
func TestDeadOriginIsGivenUp(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		w := &world{answer: func(*http.Request, int) answer { return answer{status: 503, after: time.Millisecond} }}
		o := defaults()
		o.gate.Cooldown = 4 * time.Second
		records := run(t, o, w, repeat(1000, "http://h.test/%d")...)
		if n := count(records, task.Failed); n != 1000 {
			t.Errorf("%d of 1000 failed", n)
		}
		if n := len(w.log); n > 40 {
			t.Errorf("%d requests", n)
		}
		if took := time.Since(w.start); took > 20*time.Second {
			t.Errorf("took %v", took)
		}
		lost := 0
		for i := range records {
			if records[i].Error.Type == task.ErrCircuitOpen {
				lost++
			}
			checkTiming(t, &records[i])
		}
		if lost < 900 {
			t.Errorf("%d tasks failed for the open circuit", lost)
		}
	})
}

// An outage of three seconds: all end ok, few requests during it, and no burst
// when it is over.
func TestOutageIsWaitedOut(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		w := &world{}
		w.answer = func(req *http.Request, nth int) answer {
			if at := time.Since(w.start); at > 20*time.Millisecond && at < 3020*time.Millisecond {
				return answer{err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
			}
			return ok(req, nth)
		}
		records := run(t, defaults(), w, repeat(1000, "http://h.test/%d")...)
		if n := count(records, task.OK); n != 1000 {
			t.Errorf("%d of 1000 ok", n)
		}
		during, burst := 0, 0
		var back time.Duration
		for _, at := range w.times("") {
			if at > 20*time.Millisecond && at < 3020*time.Millisecond {
				during++
			} else if at >= 3020*time.Millisecond && back == 0 {
				back = at
			}
			if back != 0 && at < back+100*time.Millisecond {
				burst++
			}
		}
		if during > 40 || burst > 8 {
			t.Errorf("%d requests during the outage, %d in the 100 ms after the first one that was answered again", during, burst)
		}
	})
}

// The limits hold at every moment.
func TestLimits(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		w := &world{answer: func(*http.Request, int) answer { return answer{status: 200, after: 50 * time.Millisecond} }}
		o := defaults()
		o.jobs, o.gate.PerHost, o.gate.Rate = 37, 5, asynccore.Rate{Events: 50, Per: time.Second}
		var urls []string
		for _, host := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			urls = append(urls, repeat(50, "http://"+host+".test/%d")...)
		}
		records := run(t, o, w, urls...)
		if n := count(records, task.OK); n != len(urls) {
			t.Errorf("%d of %d ok", n, len(urls))
		}
		for host, n := range w.highest {
			if n > 5 {
				t.Errorf("%d at once on %s", n, host)
			}
		}
		at := w.times("")
		burst := o.gate.Rate.Burst()
		for i := range at {
			j := i
			for j < len(at) && at[j] < at[i]+time.Second {
				j++
			}
			if j-i > 50+burst {
				t.Fatalf("%d requests within a second of %v", j-i, at[i])
			}
		}
		for i := range records {
			checkTiming(t, &records[i])
		}
	})
}

// A pause longer than tasks may take ends them at once instead of sleeping.
func TestRetryAfterTooLong(t *testing.T) {
	for _, value := range []string{"9223372037", "1e9999", "31536000", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		t.Run(value, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				w := &world{answer: func(*http.Request, int) answer {
					return answer{status: 503, header: http.Header{"Retry-After": {value}}}
				}}
				records := run(t, defaults(), w, repeat(20, "http://h.test/%d")...)
				_, valid := asynccore.ParseRetryAfter(value, time.Now())
				if !valid {
					if took := time.Since(w.start); took > 3*time.Minute {
						t.Errorf("took %v", took)
					}
					return
				}
				if took := time.Since(w.start); took > time.Second {
					t.Errorf("took %v", took)
				}
				for _, r := range records {
					if r.Error == nil || r.Error.Type != task.ErrRetryAfter {
						t.Errorf("%+v", r.Error)
					}
				}
				if n := len(w.log); n > 6 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// Our own cancelling says nothing about an origin.
func TestCancelIsNotCounted(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		g := NewGate(defaults().gate)
		for range 100 {
			now := time.Now()
			if !g.Admit("http://h:80", false, now).OK {
				t.Fatal("refused")
			}
			r, err := g.enter("http://h:80", true, new(lastFailure), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			r.settle(neutral, now)
			g.Release("http://h:80", now)
		}
		if _, err := g.enter("http://h:80", true, new(lastFailure), time.Now()); err != nil {
			t.Error(err)
		}
	})
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		err  error
		want task.ErrorType
	}{
		{&net.DNSError{Err: "no such host", IsNotFound: true}, task.ErrDNS},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, task.ErrConnect},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, task.ErrReset},
		{errors.New("malformed HTTP response \"x\""), task.ErrBadResponse},
		{&StatusError{503}, "503"},
	} {
		if got := Classify(c.err); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
}

// URLs that will never work, at an origin that does: their retries fail one
// after the other and may open the breaker, but a probe tells about the origin,
// not about them. Nothing that works is given up for them.
func TestBrokenURLsDoNotGiveUpTheirOrigin(t *testing.T) {
	for _, status := range []int{500, 200} { // an error, and a body that breaks off
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				w := &world{answer: func(req *http.Request, nth int) answer {
					if !strings.HasPrefix(req.URL.Path, "/broken") {
						return ok(req, nth)
					}
					return answer{status: status, body: "half", bodyErr: io.ErrUnexpectedEOF, after: time.Millisecond}
				}}
				urls := append(repeat(30, "http://h.test/broken%d"), repeat(970, "http://h.test/%d")...)
				records := run(t, defaults(), w, urls...)
				if n := count(records, task.OK); n != 970 {
					t.Errorf("%d of the 970 that work are ok", n)
				}
				for i := range records[:30] {
					if e := records[i].Error; e == nil || e.Type == task.ErrCircuitOpen || records[i].Attempts != 4 {
						t.Errorf("%s: %v after %d attempts", records[i].URL, e, records[i].Attempts)
					}
				}
				// 120 attempts fail, and each five of them open the breaker for a second.
				if took := time.Since(w.start); took > 20*time.Second {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}
