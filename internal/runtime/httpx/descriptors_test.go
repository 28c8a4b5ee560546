package httpx

import (
	"net"
	"net/http"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/bubble"
	"github.com/specify-cli/specify/internal/task"
)

func TestFitting(t *testing.T) {
	for _, c := range []struct{ jobs, limit, want int }{
		{32, 1 << 20, 32},
		{1000, 1024, 330},
		{1000, 128, 32},
		{32, 128, 32},
		{32, 64, 10},
		{32, 20, 1},
		{32, 0, 1},
		{1, 1024, 1},
	} {
		if got := fitting(c.jobs, c.limit); got != c.want {
			t.Errorf("%d jobs with %d descriptors: %d, want %d", c.jobs, c.limit, got, c.want)
		}
	}
	if limit, known := Descriptors(); known != (runtime.GOOS != "windows") || known && limit < 1 {
		t.Errorf("%d, %v", limit, known)
	}
	if fit, lowered := FittingJobs(1); fit != 1 || lowered {
		t.Errorf("one job: %d, %v", fit, lowered)
	}
}

// Idle connections, attempts and outputs together stay within the descriptors.
func TestIdleFor(t *testing.T) {
	for _, c := range []struct{ jobs, limit, want int }{
		{32, 1 << 20, 10_000},
		{32, 1024, 928},
		{330, 1024, 332},
		{32, 128, 32},
		{20_000, 1 << 20, 20_000},
	} {
		if got := idleFor(c.jobs, c.limit); got != c.want {
			t.Errorf("%d jobs with %d descriptors: %d, want %d", c.jobs, c.limit, got, c.want)
		}
	}
}

var (
	errNoFile = &DialError{Err: &net.OpError{Op: "dial", Err: syscall.EMFILE}}
	errNoDNS  = &net.DNSError{Err: "dial udp 192.0.2.1:53: socket: " + syscall.EMFILE.Error(), IsTemporary: true}
)

// A want of file descriptors is waited out. It is no attempt, and no origin is
// blamed for it.
func TestShortageIsWaitedOut(t *testing.T) {
	for _, shortage := range []error{errNoFile, errNoDNS} {
		bubble.Test(t, func(t *testing.T) {
			var told atomic.Int32
			w := &world{}
			w.answer = func(req *http.Request, nth int) answer {
				if time.Since(w.start) < 20*time.Second {
					return answer{err: shortage}
				}
				return ok(req, nth)
			}
			o := defaults()
			o.gate.Hooks.Breaker = func(e BreakerEvent) { t.Errorf("breaker: %v", e) }
			o.client.Hooks.Shortage = func(error) { told.Add(1) }
			o.client.MaxTime = 5 * time.Second // of an attempt, which a wait is not
			for _, r := range run(t, o, w, repeat(100, "http://h.test/%d")...) {
				if r.Outcome != task.OK || r.Attempts != 1 || len(r.Retries) > 0 {
					t.Fatalf("%s after %d attempts and %d retries: %v", r.Outcome, r.Attempts, len(r.Retries), r.Error)
				}
				checkTiming(t, &r)
			}
			t.Logf("100 tasks in %v, with %d vain dials", time.Since(w.start), len(w.log)-100)
			if told.Load() != 1 {
				t.Errorf("told of it %d times", told.Load())
			}
			if took := time.Since(w.start); took > 25*time.Second || len(w.log) > 10_000 {
				t.Errorf("took %v and %d dials", took, len(w.log)-100)
			}
		})
	}
}

// A shortage that does not end is not waited for beyond --retry-max-time.
func TestShortageForGood(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		w := &world{answer: func(*http.Request, int) answer { return answer{err: errNoFile} }}
		o := defaults()
		o.client.Retry.MaxTime = 10 * time.Second
		r := run(t, o, w, "http://h.test/")[0]
		if r.Outcome != task.Failed || r.Error.Type != task.ErrConnect || r.Attempts != 1 {
			t.Errorf("%s after %d attempts: %v", r.Outcome, r.Attempts, r.Error)
		}
		if took := time.Since(w.start); took < 9*time.Second || took > 11*time.Second {
			t.Errorf("took %v", took)
		}
		checkTiming(t, &r)
	})
}

// A body is sent whole after a shortage.
func TestShortageRewindsTheBody(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		w := &world{answer: func(req *http.Request, nth int) answer {
			if nth <= 3 {
				return answer{err: errNoFile}
			}
			return ok(req, nth)
		}}
		o := defaults()
		o.body = []byte("whole")
		r := run(t, o, w, "http://h.test/")[0]
		if r.Outcome != task.OK || r.Attempts != 1 || r.Method != "POST" {
			t.Errorf("%s %s after %d attempts: %v", r.Method, r.Outcome, r.Attempts, r.Error)
		}
		for _, s := range w.log {
			if s.body != "whole" {
				t.Errorf("sent %q", s.body)
			}
		}
	})
}
