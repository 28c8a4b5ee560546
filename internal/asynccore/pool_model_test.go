package asynccore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/specify-cli/specify/internal/bubble"
)

type poolStep struct {
	Do    string
	Lease int           // for release and discard: which, counted round; ended ones too
	For   time.Duration // for sleep
}

var poolSteps = rapid.Custom(func(t *rapid.T) poolStep {
	return poolStep{
		Do:    rapid.SampledFrom([]string{"acquire", "acquire", "release", "release", "discard", "sicken", "sleep"}).Draw(t, "do"),
		Lease: rapid.IntRange(0, 9).Draw(t, "lease"),
		For:   rapid.SampledFrom([]time.Duration{1, time.Second, 3 * time.Second, 10 * time.Second}).Draw(t, "for"),
	}
})

// runPool does steps to a pool and to a model of it: a stack of idle resources
// with the times of their return. It returns the first difference.
func runPool(limit int, steps []poolStep) error {
	const idleTimeout = 10 * time.Second
	type idleConn struct {
		*conn
		since time.Time
	}
	var (
		cs     conns
		idle   []idleConn
		leases []*Lease[*conn]
		out    = map[*conn]bool{}
	)
	p := NewResourcePool(PoolConfig[*conn]{Max: limit, New: cs.new, Close: cs.close, IdleTimeout: idleTimeout,
		Healthy: func(c *conn) bool { return !c.sick.Load() }})
	end := func(l *Lease[*conn], discard bool) {
		if out[l.Value()] && !l.ended.Load() {
			delete(out, l.Value())
			if !discard {
				idle = append(idle, idleConn{l.Value(), time.Now()})
			}
		}
		if discard {
			l.Discard()
		} else {
			l.Release()
		}
	}
	for i, s := range steps {
		switch s.Do {
		case "acquire":
			ctx, cancel := context.WithTimeout(context.Background(), 1) // enough when one is free
			l, err := p.Acquire(ctx)
			cancel()
			if len(out) == limit {
				if err != context.DeadlineExceeded {
					return fmt.Errorf("step %d: %v with all out", i, err)
				}
				break
			}
			if err != nil {
				return fmt.Errorf("step %d: %v with %d out", i, err, len(out))
			}
			var want *conn // nil: a new one
			for want == nil && len(idle) > 0 {
				last := len(idle) - 1
				if !idle[last].sick.Load() {
					want = idle[last].conn
				}
				idle = idle[:last]
			}
			if out[l.Value()] || want != nil && l.Value() != want || want == nil && l.Value().id != len(cs.made)-1 {
				return fmt.Errorf("step %d: got resource %d, want %v", i, l.Value().id, want)
			}
			leases, out[l.Value()] = append(leases, l), true
		case "release", "discard":
			if len(leases) > 0 {
				end(leases[s.Lease%len(leases)], s.Do == "discard")
			}
		case "sicken":
			if len(leases) > 0 {
				leases[s.Lease%len(leases)].Value().sick.Store(true)
			}
		case "sleep":
			time.Sleep(s.For)
		}
		synctest.Wait()
		for j := 0; j < len(idle); {
			if time.Since(idle[j].since) >= idleTimeout {
				idle = append(idle[:j], idle[j+1:]...)
			} else {
				j++
			}
		}
		if got := p.Stats(); got.Out != len(out) || got.Idle != len(idle) || got.Making != 0 || int(cs.open.Load()) != len(out)+len(idle) {
			return fmt.Errorf("after step %d: %+v with %d open; want %d out, %d idle", i, got, cs.open.Load(), len(out), len(idle))
		}
	}
	ended := make(chan error)
	go func() { ended <- p.Close(context.Background()) }()
	synctest.Wait()
	if int(cs.open.Load()) != len(out) {
		return fmt.Errorf("closing: %d open, want the %d that are out", cs.open.Load(), len(out))
	}
	for _, l := range leases {
		l.Release()
	}
	if err := <-ended; err != nil {
		return err
	}
	return cs.check(limit)
}

func TestPoolModel(t *testing.T) {
	defer goleak.VerifyNone(t)
	rapid.Check(t, func(rt *rapid.T) {
		limit := rapid.IntRange(1, 4).Draw(rt, "max")
		steps := rapid.SliceOfN(poolSteps, 20, 100).Draw(rt, "steps")
		var err error
		bubble.Test(t, func(*testing.T) { err = runPool(limit, steps) })
		if err != nil {
			rt.Fatal(err)
		}
	})
}

// Whatever many goroutines do while the pool is closed under them, each
// resource is closed once, and never are there more than Max.
func TestPoolStress(t *testing.T) {
	defer goleak.VerifyNone(t)
	rounds := 5
	if testing.Short() {
		rounds = 1
	}
	for range rounds {
		var cs conns
		p := NewResourcePool(PoolConfig[*conn]{Max: 3, New: cs.new, Close: cs.close, IdleTimeout: time.Microsecond,
			Healthy: func(*conn) bool { return rand.N(10) > 0 }})
		var held [64]atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.N(200))*time.Microsecond)
					l, err := p.Acquire(ctx)
					cancel()
					if err == ErrClosed {
						return
					}
					if err != nil {
						continue
					}
					if n := held[l.Value().id%len(held)].Add(1); n > 3 {
						t.Errorf("%d hold resources with one number", n)
					}
					runtime.Gosched()
					held[l.Value().id%len(held)].Add(-1)
					if rand.N(4) == 0 {
						l.Discard()
					} else {
						l.Release()
					}
				}
			})
		}
		for start := time.Now(); p.Stats().Acquired < 100; time.Sleep(time.Millisecond) {
			if time.Since(start) > 10*time.Second {
				t.Errorf("%d leases in 10s", p.Stats().Acquired)
				break
			}
		}
		closePool(t, p)
		wg.Wait()
		if err := cs.check(3); err != nil {
			t.Fatal(err)
		}
	}
}
