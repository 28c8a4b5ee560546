package asynccore

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/puddle/v2"
	"go.uber.org/goleak"

	"github.com/specify-cli/specify/internal/bubble"
)

// conn is a resource that knows how often it was closed.
type conn struct {
	id     int
	closed atomic.Int32
	sick   atomic.Bool
}

// conns makes and closes conns and keeps all that it made.
type conns struct {
	mu   sync.Mutex // guards made
	made []*conn
	open atomic.Int32
	most atomic.Int32 // the highest value of open
}

func (cs *conns) new(context.Context) (*conn, error) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c := &conn{id: len(cs.made)}
	cs.made = append(cs.made, c)
	cs.most.Store(max(cs.most.Load(), cs.open.Add(1)))
	return c, nil
}

func (cs *conns) close(c *conn) error {
	cs.open.Add(-1)
	c.closed.Add(1)
	return nil
}

// check fails unless each conn was closed exactly once and at most limit were
// open at once.
func (cs *conns) check(limit int) error {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, c := range cs.made {
		if n := c.closed.Load(); n != 1 {
			return fmt.Errorf("resource %d of %d was closed %d times", c.id, len(cs.made), n)
		}
	}
	if n := int(cs.most.Load()); n > limit {
		return fmt.Errorf("%d resources at once, at most %d allowed", n, limit)
	}
	return nil
}

func acquire[T any](t *testing.T, p *ResourcePool[T]) *Lease[T] {
	t.Helper()
	l, err := p.Acquire(t.Context())
	if err != nil {
		t.Fatalf("Acquire: %v", err)
	}
	return l
}

func closePool[T any](t *testing.T, p *ResourcePool[T]) {
	t.Helper()
	if err := p.Close(t.Context()); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestPoolReuses(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		var cs conns
		p := NewResourcePool(PoolConfig[*conn]{Max: 2, New: cs.new, Close: cs.close})
		a, b := acquire(t, p), acquire(t, p)
		if a.Value() == b.Value() {
			t.Fatal("one resource lent to two")
		}
		if got, want := p.Stats(), (PoolStats{Max: 2, Out: 2, Acquired: 2, Waited: 2}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		b.Release()
		b.Release()
		b.Discard()
		a.Release()
		if c := acquire(t, p); c.Value() != a.Value() {
			t.Error("not the one used last")
		} else {
			c.Discard()
			c.Discard()
			c.Release()
		}
		synctest.Wait()
		if got, want := p.Stats(), (PoolStats{Max: 2, Idle: 1, Acquired: 3, Waited: 2}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		closePool(t, p)
		closePool(t, p)
		if len(cs.made) != 2 {
			t.Errorf("%d made, want 2", len(cs.made))
		}
		if err := cs.check(2); err != nil {
			t.Error(err)
		}
		if _, err := p.Acquire(t.Context()); err != ErrClosed {
			t.Errorf("Acquire after Close: %v", err)
		}
	})
}

func TestPoolWaits(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		var cs conns
		p := NewResourcePool(PoolConfig[*conn]{Max: 1, New: cs.new, Close: cs.close})
		held := acquire(t, p)
		start := time.Now()

		cause := errors.New("no patience")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		if _, err := p.Acquire(ctx); err != cause || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if _, err := p.Acquire(ctx); err != cause {
			t.Errorf("with an ended context: %v", err)
		}

		var order []string
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				l := acquire(t, p)
				order = append(order, fmt.Sprintf("%d at %v", i, time.Since(start)))
				time.Sleep(time.Second)
				l.Release()
			})
			synctest.Wait()
		}
		held.Release()
		wg.Wait()
		if diff := cmp.Diff([]string{"0 at 1s", "1 at 2s", "2 at 3s", "3 at 4s"}, order); diff != "" {
			t.Error(diff)
		}
		closePool(t, p)
		if err := cs.check(1); err != nil || len(cs.made) != 1 {
			t.Errorf("%v; %d made", err, len(cs.made))
		}
	})
}

// puddle's own Close would wait here for a, b and the waiters, which it does
// not wake.
func TestPoolClose(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		var cs conns
		p := NewResourcePool(PoolConfig[*conn]{Max: 3, New: cs.new, Close: cs.close})
		a, b, c := acquire(t, p), acquire(t, p), acquire(t, p)
		woken := make(chan error)
		for range 4 {
			go func() {
				_, err := p.Acquire(t.Context())
				woken <- err
			}()
		}
		synctest.Wait()

		start := time.Now()
		cause := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, cause)
		defer cancel()
		closed := make(chan error)
		go func() { closed <- p.Close(ctx) }()
		for range 4 {
			if err := <-woken; err != ErrClosed || time.Since(start) != 0 {
				t.Errorf("waiter: %v after %v, want ErrClosed at once", err, time.Since(start))
			}
		}
		a.Release()
		err := <-closed
		busy, ok := errors.AsType[*PoolBusyError](err)
		if !ok || busy.Left != 2 || !errors.Is(err, cause) || time.Since(start) != time.Minute {
			t.Fatalf("%v after %v", err, time.Since(start))
		}
		if want := "close pool: 2 resources still in use: enough"; err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
		if n := a.Value().closed.Load(); n != 1 {
			t.Errorf("a was closed %d times while others are out", n)
		}

		go func() { closed <- p.Close(t.Context()) }()
		b.Discard()
		time.Sleep(time.Minute)
		c.Release()
		if err := <-closed; err != nil || time.Since(start) != 2*time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if err := cs.check(3); err != nil {
			t.Error(err)
		}
	})
}

func TestPoolNewFails(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		fail := []func() error{
			func() error { return errDown },
			func() error { panic(errDown) },
			func() error { runtime.Goexit(); return nil },
			func() error { return nil },
		}
		made := 0
		p := NewResourcePool(PoolConfig[int]{Max: 1, New: func(context.Context) (int, error) {
			made++
			return made, fail[made-1]()
		}})
		for _, want := range []error{errDown, errDown, ErrGoexit} {
			_, err := p.Acquire(t.Context())
			if !errors.Is(err, want) || !strings.HasPrefix(err.Error(), "make resource: ") {
				t.Errorf("%v, want %v", err, want)
			}
			if panicked, ok := errors.AsType[*PanicError](err); ok != (made == 2) || ok && len(panicked.Stack) == 0 {
				t.Errorf("attempt %d: %#v", made, err)
			}
		}
		if got, want := p.Stats(), (PoolStats{Max: 1}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		acquire(t, p).Release() // the slot is still there
		closePool(t, p)
	})
}

type poolTestKey struct{}

// A resource that takes longer to make than its caller waits goes to the next.
func TestPoolNewOutlivesCaller(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		made := 0
		p := NewResourcePool(PoolConfig[int]{Max: 1, New: func(ctx context.Context) (int, error) {
			made++
			if ctx.Value(poolTestKey{}) != "caller" {
				t.Error("the caller's values are lost")
			}
			time.Sleep(10 * time.Second)
			if ctx.Err() != nil || context.Cause(ctx) != nil {
				t.Errorf("the caller's end reached New: %v, %v", ctx.Err(), context.Cause(ctx))
			}
			return made, nil
		}})
		start := time.Now()
		ctx := context.WithValue(t.Context(), poolTestKey{}, "caller")
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if _, err := p.Acquire(short); err != context.DeadlineExceeded || time.Since(start) != time.Second {
			t.Fatalf("%v after %v", err, time.Since(start))
		}
		if s := p.Stats(); s.Making != 1 {
			t.Errorf("%+v", s)
		}
		l := acquire(t, p)
		if l.Value() != 1 || time.Since(start) != 10*time.Second {
			t.Errorf("resource %d after %v", l.Value(), time.Since(start))
		}
		l.Release()
		closePool(t, p)
	})
}

func TestPoolCloseEndsNew(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		var cause error
		p := NewResourcePool(PoolConfig[int]{Max: 1, New: func(ctx context.Context) (int, error) {
			<-ctx.Done()
			cause = context.Cause(ctx)
			time.Sleep(time.Second) // takes a while to notice
			return 0, ctx.Err()
		}})
		errs := make(chan error)
		go func() {
			_, err := p.Acquire(t.Context())
			errs <- err
		}()
		synctest.Wait()
		start := time.Now()
		go func() { errs <- p.Close(t.Context()) }()
		if err := <-errs; err != ErrClosed || time.Since(start) != 0 {
			t.Errorf("Acquire: %v after %v", err, time.Since(start))
		}
		if err := <-errs; err != nil || time.Since(start) != time.Second {
			t.Errorf("Close: %v after %v, want it to wait for New", err, time.Since(start))
		}
		if cause != ErrClosed {
			t.Errorf("cause %v", cause)
		}
	})
}

func TestPoolCloseErrors(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		made := 0
		p := NewResourcePool(PoolConfig[int]{
			Max: 1,
			New: func(context.Context) (int, error) { made++; return made, nil },
			Close: func(n int) error {
				switch n {
				case 1:
					panic("in Close")
				case 2:
					runtime.Goexit()
				}
				return fmt.Errorf("close %d: %w", n, errDown)
			},
		})
		for range maxCloseErrors + 3 {
			acquire(t, p).Discard()
		}
		err := p.Close(t.Context())
		if _, ok := errors.AsType[*PanicError](err); !ok || !errors.Is(err, ErrGoexit) || !errors.Is(err, errDown) {
			t.Error(err)
		}
		if lines := strings.Split(err.Error(), "\n"); len(lines) != maxCloseErrors+1 || lines[maxCloseErrors] != "and 3 more" {
			t.Errorf("%d lines:\n%v", len(lines), err)
		}
	})
}

func TestPoolHealthy(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		var cs conns
		var asked []int
		frail := false
		p := NewResourcePool(PoolConfig[*conn]{Max: 2, New: cs.new, Close: cs.close, Healthy: func(c *conn) bool {
			asked = append(asked, c.id)
			if frail {
				panic("in Healthy")
			}
			return !c.sick.Load()
		}})
		a, b := acquire(t, p), acquire(t, p)
		a.Value().sick.Store(true)
		b.Release()
		a.Release()
		l := acquire(t, p) // a is sick, b is not
		if l.Value() != b.Value() {
			t.Errorf("resource %d", l.Value().id)
		}
		l.Value().sick.Store(true)
		l.Release()
		l = acquire(t, p)
		if l.Value().id != 2 {
			t.Errorf("resource %d, want a new one", l.Value().id)
		}
		if diff := cmp.Diff([]int{0, 1, 1}, asked); diff != "" { // new ones are not asked
			t.Error(diff)
		}
		l.Release()
		frail = true
		func() {
			defer func() {
				if p := recover(); p != "in Healthy" {
					t.Errorf("recovered %v", p)
				}
			}()
			p.Acquire(t.Context())
		}()
		synctest.Wait()
		if s := p.Stats(); s.Out != 0 || s.Idle != 0 {
			t.Errorf("%+v", s)
		}
		closePool(t, p)
		if err := cs.check(2); err != nil {
			t.Error(err)
		}
	})
}

func TestPoolUse(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		var cs conns
		p := NewResourcePool(PoolConfig[*conn]{Max: 1, New: cs.new, Close: cs.close})
		used := func(end func() error) (id int, err error) {
			err = p.Use(t.Context(), func(ctx context.Context, c *conn) error {
				id = c.id
				return end()
			})
			return id, err
		}
		if id, err := used(func() error { return nil }); id != 0 || err != nil {
			t.Error(id, err)
		}
		if id, err := used(func() error { return errDown }); id != 0 || err != errDown {
			t.Error(id, err)
		}
		func() {
			defer func() {
				if recover() != "in fn" {
					t.Error("the panic was swallowed")
				}
			}()
			used(func() error { panic("in fn") })
		}()
		if id, err := used(func() error { return nil }); id != 1 || err != nil { // that of the panic is gone
			t.Error(id, err)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			used(func() error { runtime.Goexit(); return nil })
		}()
		<-ended
		if id, err := used(func() error { return nil }); id != 2 || err != nil {
			t.Error(id, err)
		}
		closePool(t, p)
		if _, err := used(func() error { t.Error("called on a closed pool"); return nil }); err != ErrClosed {
			t.Error(err)
		}
		if err := cs.check(1); err != nil {
			t.Error(err)
		}
	})
}

func TestPoolIdleTimeout(t *testing.T) {
	defer goleak.VerifyNone(t)
	bubble.Test(t, func(t *testing.T) {
		var cs conns
		start := time.Now()
		var log []string
		p := NewResourcePool(PoolConfig[*conn]{Max: 3, New: cs.new, IdleTimeout: 10 * time.Second, Close: func(c *conn) error {
			log = append(log, fmt.Sprintf("%d at %v", c.id, time.Since(start)))
			return cs.close(c)
		}})
		a, b, c := acquire(t, p), acquire(t, p), acquire(t, p)
		a.Release() // used last at 0 s
		time.Sleep(4 * time.Second)
		b.Release() // at 4 s
		time.Sleep(4 * time.Second)
		acquire(t, p).Release() // b again, at 8 s
		time.Sleep(time.Second)
		c.Release() // at 9 s
		time.Sleep(2 * time.Second)
		if l := acquire(t, p); l.Value().id != 2 {
			t.Errorf("resource %d, want the one used last", l.Value().id)
		} else {
			l.Release() // at 11 s
		}
		time.Sleep(time.Hour)
		l := acquire(t, p) // all are gone
		if l.Value().id != 3 {
			t.Errorf("resource %d, want a new one", l.Value().id)
		}
		time.Sleep(time.Hour) // on loan is not idle
		l.Release()
		time.Sleep(5 * time.Second)
		closePool(t, p)
		time.Sleep(time.Hour)
		want := []string{"0 at 10s", "1 at 18s", "2 at 21s", "3 at 2h0m16s"}
		if diff := cmp.Diff(want, log); diff != "" {
			t.Error(diff)
		}
		if err := cs.check(3); err != nil {
			t.Error(err)
		}
	})
}

func TestNewResourcePoolPanics(t *testing.T) {
	for name, cfg := range map[string]PoolConfig[int]{
		"no New": {Max: 1},
		"no Max": {New: func(context.Context) (int, error) { return 0, nil }},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			NewResourcePool(cfg)
		}()
	}
}

// The seed's pattern "Resource Pool Management": made when needed, returned on
// every path, cleaned up at the end.
func ExampleResourcePool() {
	ctx := context.Background()
	opened := 0
	pool := NewResourcePool(PoolConfig[string]{
		Max:   10,
		New:   func(context.Context) (string, error) { opened++; return fmt.Sprintf("connection %d", opened), nil },
		Close: func(c string) error { fmt.Println(c, "closed"); return nil },
	})
	for range 3 {
		err := pool.Use(ctx, func(ctx context.Context, c string) error {
			fmt.Println("query on", c)
			return nil
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	if err := pool.Close(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// query on connection 1
	// query on connection 1
	// query on connection 1
	// connection 1 closed
}

func BenchmarkPoolAcquire(b *testing.B) {
	cfg := PoolConfig[int]{Max: 4, New: func(context.Context) (int, error) { return 1, nil }}
	b.Run("idle", func(b *testing.B) {
		p := NewResourcePool(cfg)
		b.ReportAllocs()
		for b.Loop() {
			l, err := p.Acquire(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			l.Release()
		}
	})
	b.Run("contended", func(b *testing.B) { // more callers than resources
		p := NewResourcePool(cfg)
		b.ReportAllocs()
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				l, err := p.Acquire(b.Context())
				if err != nil {
					b.Error(err)
					return
				}
				runtime.Gosched()
				l.Release()
			}
		})
	})
	b.Run("puddle", func(b *testing.B) { // puddle itself, for comparison
		p, err := puddle.NewPool(&puddle.Config[int]{Constructor: cfg.New, Destructor: func(int) {}, MaxSize: 4})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			r, err := p.Acquire(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			r.Release()
		}
	})
}
