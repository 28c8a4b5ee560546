package asynccore_test

import (
	"context"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
)

// However many workers start at once, those that are there get on with their
// jobs: on one processor, too, the first has its connection before most have
// asked for one.
func TestRunnerStartsPolitely(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { // ends with l
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	const jobs = 500
	r := asynccore.NewRunner(asynccore.RunnerConfig{Workers: jobs, Queue: jobs})
	var begun, first atomic.Int64
	for range jobs {
		mustGo(t, r, asynccore.Job{}, func(context.Context) {
			begun.Add(1)
			for at := time.Now(); time.Since(at) < 200*time.Microsecond; { // what a job computes
			}
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			first.CompareAndSwap(0, begun.Load())
			_ = c.Close()
		})
	}
	mustClose(t, r)
	if n := first.Load(); n > jobs*3/4 {
		t.Errorf("%d of %d had begun before one was connected", n, jobs)
	}
}
